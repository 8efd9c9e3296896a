/** The hosts behind the proxy, in pools; what is known of each stands in a file that is watched. */
import type { Address, Resolver } from "holdfast";

/** As `BackendPool.key`: the key that has the account's name. */
export const ACCOUNT_KEY = "{account}";

export interface BackendPool {
  readonly name: string;
  /**
   * Where its hosts are, watched under the pool's name; changes while it runs. Each instance's
   * address is a host's SSH port.
   */
  readonly resolver: Resolver;
  /** The user to log in as at the backend. */
  readonly user: string;
  /** Fingerprints (`SHA256:…`) or keys (`ssh-ed25519 AAAA…`) that a host may show; strict. */
  readonly hostKeys: readonly string[];
  /**
   * Name of the private key to log in with; `proxy` is the proxy's own, and `{account}` the one
   * that has the account's name, for backends that know people by their keys.
   */
  readonly key: string;
}

export interface BackendPools {
  /** Undefined when there is none of that name. */
  pool(name: string): BackendPool | undefined;
  readonly pools: readonly BackendPool[];
}

/** A host as it is dialled. */
export interface BackendHost {
  readonly pool: BackendPool;
  readonly address: Address;
}
