/** Where repositories live: asked by the SSH proxy for each command, answered by whoever knows. */
namespace js ssh.routes
namespace py ssh_routes
namespace go ssh_routes

/** The least that the command needs; Mercurial's one command asks for WRITE. */
enum NeededAccess {
  READ = 0
  WRITE = 1
}

/** Who wants what. All of it has been checked: the key is proven, the name is no trick. */
struct FindRouteRequest {
  /** Such as `aviato`; at most 255 characters. */
  1: required string account
  /** Who it is within the account, such as `erlich`. */
  2: required string name
  /** Of the key, such as `SHA256:…`: for keys that open one repository only. */
  3: required string fingerprint
  /** `git-upload-pack`, `git-receive-pack`, `git-upload-archive`, `git-lfs-authenticate`, `hg-serve`. */
  4: required string verb
  5: required NeededAccess access
  /** As the client wrote it, without outer slashes, such as `team/project.git`; at most 1 KiB. */
  6: required string repository
}

struct FindRouteReply {
  /** The name of a pool of backends, as the proxy's file of routes has it. */
  1: required string backend
  /** The repository's path there, such as `/srv/git/team/project.git`. */
  2: required string path
}

/** There is none of that name, or the account may not see it: the same for both. */
exception NoSuchRepository {}

/** The account may read it, and nothing more. */
exception ReadOnlyRepository {}

service SshRoutes {
  /** Any other failure tells the user to try again. */
  FindRouteReply FindRoute(1: FindRouteRequest request) throws (1: NoSuchRepository none, 2: ReadOnlyRepository readOnly) (holdfast.idempotent = "true")
}
