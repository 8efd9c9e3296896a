/** Each directory of accounts under the contract of all. */
import { accountDirectoryContract, GIVEN } from "./account-directory.contract.ts";
import { openKeyDirectory } from "./key-directory/key-directory.ts";
import { AccountsService } from "./testing/accounts-service.ts";
import { KeyFolder } from "./testing/key-folder.ts";
import { keyOf, lineOf } from "./testing/key-of.ts";

accountDirectoryContract(
  "a directory of key files",
  async () => {
    const folder = new KeyFolder();
    const startEpochMs = folder.clock.epochMs();
    for (const account of new Set(Object.values(GIVEN).map((given) => given.account))) {
      const lines = Object.entries(GIVEN)
        .filter(([, given]) => given.account === account)
        .map(([key, { name, keysNeeded, expiresAfterMs, publicKeyName }]) => {
          const options = [
            ...(name === undefined ? [] : [`name="${name}"`]),
            ...(keysNeeded === undefined ? [] : [`keys-needed=${keysNeeded}`]),
            ...(expiresAfterMs === undefined
              ? []
              : [`expiry-time="${minuteOf(startEpochMs + expiresAfterMs)}"`]),
          ];
          return lineOf(key, publicKeyName, options.join(","));
        });
      folder.write(account, ...lines);
    }
    const directory = await folder.open();
    return underTest(folder, directory);
  },
  () => {
    const folder = new KeyFolder();
    // Not started: nothing has been read.
    const { path, clock } = folder;
    return Promise.resolve(underTest(folder, openKeyDirectory({ path, clock })));
  },
);

accountDirectoryContract(
  "a service that is asked",
  async () => {
    const service = await AccountsService.start();
    const startEpochMs = service.clock.epochMs();
    service.answer = ({ user, fingerprint }) => {
      const key = Object.keys(GIVEN).find((name) => keyOf(name).fingerprint === fingerprint);
      const given = key === undefined ? undefined : GIVEN[key];
      if (given === undefined || !["git", "hg", given.account].includes(user)) return {};
      const { expiresAfterMs, ...owner } = given;
      if (expiresAfterMs === undefined) return { owner };
      return { owner: { ...owner, expiresMs: startEpochMs + expiresAfterMs } };
    };
    return service;
  },
  async () => {
    const service = await AccountsService.start();
    await service.stop();
    return service;
  },
);

function underTest(folder: KeyFolder, directory: Awaited<ReturnType<KeyFolder["open"]>>) {
  const { clock } = folder;
  return { directory, clock, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** `YYYYMMDDHHMM` in UTC. */
function minuteOf(epochMs: number): string {
  return new Date(epochMs).toISOString().replaceAll(/\D/gu, "").slice(0, 12);
}
