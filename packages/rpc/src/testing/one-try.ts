/** Policies for tests of what stands below them: what fails once has failed. */
import type { ClientPolicyInput } from "../client/client-policies.ts";

export const ONE_TRY: ClientPolicyInput = {
  retry: { triesMax: 1 },
  hedge: { enabled: false },
  breaker: { mode: "off" },
};
