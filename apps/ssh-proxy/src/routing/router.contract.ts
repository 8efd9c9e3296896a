/** What every router promises, whoever it is that knows the routes. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Context, ServiceError } from "holdfast";
import type { Router } from "./router.ts";
import { requestFor } from "./testing/route-desk.ts";

/** A router for which the test knows the routes; see `routerContract`. */
export interface RouterUnderTest extends AsyncDisposable {
  readonly router: Router;
  context(): Context;
}

/**
 * `open` gives one that knows: `aviato` may read and write `team/x.git`, which is `/srv/x.git` of
 * the backend `main`, and may read `docs/y.git`, which is `/srv/y.git`; `hooli` may see neither.
 */
export function routerContract(name: string, open: () => Promise<RouterUnderTest>): void {
  describe(`the contract of routers: ${name}`, () => {
    const route = async (
      ...request: Parameters<typeof requestFor>
    ): Promise<{ path?: string; code?: string; message?: string }> => {
      await using opened = await open();
      try {
        return await opened.router.route(opened.context(), requestFor(...request));
      } catch (error) {
        assert.ok(error instanceof ServiceError);
        return { code: error.code, message: error.message };
      }
    };

    it("finds the backend and the path there", async () => {
      assert.deepEqual(await route("team/x.git"), { backend: "main", path: "/srv/x.git" });
      const push = await route("team/x.git", { verb: "git-receive-pack" });
      assert.deepEqual(push, { backend: "main", path: "/srv/x.git" });
      assert.deepEqual(await route("docs/y.git"), { backend: "main", path: "/srv/y.git" });
    });

    it("says the same of what is not there and of what may not be seen", async () => {
      const none = await route("team/none.git");
      assert.equal(none.code, "not-found");
      assert.deepEqual(await route("team/x.git", { account: "hooli" }), none);
      const push = { account: "hooli", verb: "git-receive-pack" } as const;
      assert.deepEqual(await route("docs/y.git", push), none);
    });

    it("lets nobody write who may only read, and says that it is there", async () => {
      const refused = await route("docs/y.git", { verb: "git-receive-pack" });
      assert.deepEqual(refused.code, "not-found");
      assert.match(refused.message!, /^You may only read this repository/);
    });

    it("says the same when it is asked again", async () => {
      await using opened = await open();
      for (const repository of ["team/x.git", "docs/y.git", "team/x.git", "team/x.git"]) {
        // oxlint-disable-next-line no-await-in-loop
        const { path } = await opened.router.route(opened.context(), requestFor(repository));
        assert.equal(path, `/srv/${repository.at(-5)}.git`);
      }
    });

    it("does nothing for a request that is over", async () => {
      await using opened = await open();
      const { context, cancel } = opened.context().withCancel();
      cancel(new ServiceError("cancelled", "the user has gone"));
      const asked = opened.router.route(context, requestFor("team/x.git"));
      await assert.rejects(asked, { code: "cancelled" });
    });
  });
}
