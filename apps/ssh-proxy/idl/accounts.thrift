/** Whose key is this? Asked by the SSH proxy for each key that is offered, answered by whoever knows. */
namespace js ssh.accounts
namespace py ssh_accounts
namespace go ssh_accounts

struct FindRequest {
  /**
   * Whom somebody logs in as: what stands before the `@`, such as `git`. As the client wrote it, at
   * most 255 bytes: anybody can write anything here.
   */
  1: required string user
  /** Such as `ssh-ed25519`. */
  2: required string keyType
  /** The key as it travels (RFC 4253, 6.6): what stands in base64 in a line of authorized_keys. */
  3: required binary key
  /** The same, as `ssh-keygen -l` shows it: `SHA256:` and base64 without padding. */
  4: required string fingerprint
}

/** Who has the key. None of the texts may hold control characters. */
struct Owner {
  /** Who pays, such as `aviato`: what limits and routes go by. 1 to 255 characters. */
  1: required string account
  /** Who it is within the account, such as `erlich`; at most 255 characters, default the account. */
  2: optional string name
  /** What its owner calls the key, such as `BuildServer`; at most 255 characters. */
  3: optional string publicKeyName = ""
  /** How many different keys of the account must be proven to log in with this one; 1 to 16. */
  4: optional i32 keysNeeded = 1
  /** From when on the key does not count any more, in milliseconds since the Unix epoch. */
  5: optional i64 expiresMs (js.type = "number")
}

struct FindResult {
  /** Absent: it is nobody's key, or not when logging in as this user. */
  1: optional Owner owner
}

/**
 * It cannot be found out now. The user is told to try again, or an answer given before still counts;
 * unlike any other failure it says nothing against this service.
 */
exception CannotTell {
  /** For the proxy's log. */
  1: optional string why
}

service Accounts {
  /**
   * It is asked before anything is proven: whoever offers a key need not have it. An answer is kept
   * for a while (a minute, or seconds when there is no owner), so that is how long a change may take.
   */
  FindResult Find(1: FindRequest request) throws (1: CannotTell cannotTell) (holdfast.idempotent = "true")
}
