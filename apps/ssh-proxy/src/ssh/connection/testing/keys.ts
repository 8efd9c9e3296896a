/** Keys of every part, made once for all tests of a file. */
import { generatePrivateKey } from "../../keys/generate-private-key.ts";
import type { PrivateKey } from "../../keys/private-key.ts";

const make = (): PrivateKey => generatePrivateKey("ssh-ed25519").privateKey;

export const HOST_KEY: PrivateKey = make();
/** Two of one account, and one that nobody knows. */
export const USER_KEY: PrivateKey = make();
export const SECOND_KEY: PrivateKey = make();
export const STRANGER_KEY: PrivateKey = make();
