/** The pid file of a supervisor, and the status beside it that `holdfast up` reads. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type Logger, type UpgradeStatus, upgradeStatusFile } from "holdfast";

export class StatusFile {
  private readonly pidFile: string;
  private readonly pid: number;
  private readonly logger: Logger;
  private failing = false;

  constructor(pidFile: string, pid: number, logger: Logger) {
    this.pidFile = pidFile;
    this.pid = pid;
    this.logger = logger;
  }

  /** Throws when the file cannot be written: whoever gave its name wants to use it. */
  open(status: UpgradeStatus): void {
    replace(upgradeStatusFile(this.pidFile), this.pid, `${JSON.stringify(status)}\n`);
    replace(this.pidFile, this.pid, `${this.pid}\n`);
  }

  /** Never throws: a full disk is no reason to stop serving. */
  write(status: UpgradeStatus): void {
    try {
      replace(upgradeStatusFile(this.pidFile), this.pid, `${JSON.stringify(status)}\n`);
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.logger.error("status file cannot be written", { error });
      this.failing = true;
    }
  }

  /** Removes both, unless another supervisor has taken them over. */
  close(): void {
    try {
      if (Number(readFileSync(this.pidFile, "utf8")) !== this.pid) return;
      rmSync(this.pidFile);
      rmSync(upgradeStatusFile(this.pidFile), { force: true });
    } catch {
      // Somebody removed them already.
    }
  }
}

/** Always a whole one, whoever reads it when. */
function replace(path: string, pid: number, text: string): void {
  const draft = `${path}.${pid}`;
  writeFileSync(draft, text);
  renameSync(draft, path);
}
