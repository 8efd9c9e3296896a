/**
 * The two files of a store, opened together. One thread of one process opens them for writing;
 * whoever reads opens them after that.
 */
import { markFormat } from "../store-files.ts";
import { checkFormatVersion } from "./format.ts";
import { createJournalState, JournalFile } from "./journal-file.ts";
import { createFoldState, PageFile } from "./page-file.ts";

export class StoreFiles {
  readonly journal: JournalFile;
  readonly pages: PageFile;

  constructor(journal: JournalFile, pages: PageFile) {
    this.journal = journal;
    this.pages = pages;
  }

  async close(): Promise<void> {
    await this.journal.close();
    await this.pages.close();
  }
}

/** Opens the files, new ones with their states. The caller owns the store. */
export function openForWriting(directory: string): StoreFiles {
  const files = open(directory, "write");
  const { journal, pages } = files;
  if (!journal.hasState()) journal.transact(() => journal.writeState(createJournalState()));
  if (!pages.hasState()) pages.transact(() => pages.writeState(createFoldState()));
  markFormat(directory);
  journal.freshen();
  pages.freshen();
  checkStates(files, directory);
  return files;
}

/** Opens files that are open for writing. */
export function openForReading(directory: string): StoreFiles {
  const files = open(directory, "read");
  checkStates(files, directory);
  return files;
}

function open(directory: string, access: "read" | "write"): StoreFiles {
  return new StoreFiles(new JournalFile(directory, access), new PageFile(directory, access));
}

function checkStates({ journal, pages }: StoreFiles, directory: string): void {
  const journalState = createJournalState();
  const foldState = createFoldState();
  journal.readState(journalState);
  pages.readState(foldState);
  checkFormatVersion(journalState.format, directory);
  checkFormatVersion(foldState.format, directory);
}
