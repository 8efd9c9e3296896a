/** What somebody asks to be run, taken apart: the only commands there are. No shell sees any. */

export type Access = "read" | "write";

export const GIT_VERBS = ["git-upload-pack", "git-receive-pack", "git-upload-archive"] as const;
export type GitVerb = (typeof GIT_VERBS)[number];

export type Command =
  | {
      readonly verb: GitVerb;
      readonly access: Access;
      /** As the client wrote it, without quotes and outer slashes, such as `team/project.git`. */
      readonly repository: string;
    }
  | {
      readonly verb: "git-lfs-authenticate";
      /** `download` reads, `upload` writes. */
      readonly access: Access;
      readonly operation: "download" | "upload";
      readonly repository: string;
    }
  | {
      readonly verb: "hg-serve";
      /** One command for reading and writing: the backend decides which of them it allows. */
      readonly access: "write";
      readonly repository: string;
    };

export type Verb = Command["verb"];

/** Why there is no command: for the user, one sentence without control characters. */
export interface Refusal {
  readonly refused: string;
}
