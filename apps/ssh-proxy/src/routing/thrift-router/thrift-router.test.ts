import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createContext, ServiceError } from "holdfast";
import { NoSuchRepository } from "../../gen/routes.ts";
import { HOST_KEY, requestFor } from "../testing/route-desk.ts";
import { RoutesService } from "../testing/routes-service.ts";

const FOUND = { backend: "main", path: "/srv/x.git" };

describe("routes of a service", () => {
  it("are asked for with all that is known, and nothing more", async () => {
    await using service = await RoutesService.start();
    service.answer = () => FOUND;
    const request = requestFor("team/x.git", { verb: "git-receive-pack" });
    assert.deepEqual(await service.router.route(service.context(), request), FOUND);
    assert.deepEqual(
      service.asked.map((asked) => ({ ...asked })),
      [
        {
          ...{ account: "aviato", name: "erlich", fingerprint: HOST_KEY, access: 1 },
          ...{ verb: "git-receive-pack", repository: "team/x.git" },
        },
      ],
    );
  });

  it("are kept for ten seconds, and that there is none for one", async () => {
    await using service = await RoutesService.start();
    const { router, clock, asked } = service;
    const ask = (name: string): Promise<unknown> =>
      router.route(service.context(), requestFor(name)).catch(String);
    service.answer = ({ repository }) => {
      if (repository === "none") throw new NoSuchRepository({});
      return FOUND;
    };
    for (const [advanceMs, questions] of [
      [0, ["x", "none"]],
      [999, []],
      [1, ["none"]],
      [8_999, ["none"]],
      [1, ["x"]],
    ] as const) {
      clock.advance(advanceMs);
      asked.length = 0;
      // oxlint-disable-next-line no-await-in-loop
      assert.deepEqual(await ask("x"), FOUND);
      // oxlint-disable-next-line no-await-in-loop
      assert.match(String(await ask("none")), /There is no such repository/);
      assert.deepEqual(
        asked.map(({ repository }) => repository),
        questions,
      );
    }
    router.forget();
    await ask("x");
    assert.equal(asked.length, 2);
  });

  it("are kept for the one who asked, with the key and for what was asked", async () => {
    await using service = await RoutesService.start();
    service.answer = ({ account, verb }) => ({ backend: account, path: verb });
    const context = service.context();
    const request = requestFor("x");
    const other = { ...request, identity: { ...request.identity, fingerprint: "SHA256:other" } };
    const requests = [
      request,
      requestFor("x", { account: "hooli" }),
      requestFor("x", { verb: "git-receive-pack" }),
      { ...request, access: "write" as const },
      other,
    ];
    for (const each of [...requests, ...requests]) {
      // oxlint-disable-next-line no-await-in-loop
      const { backend, path } = await service.router.route(context, each);
      assert.deepEqual([backend, path], [each.identity.account, each.verb]);
    }
    assert.equal(service.asked.length, requests.length);
    assert.equal(service.router.snapshot()["hits"], requests.length);
  });

  it("that do not come within two seconds tell the user to try again", async () => {
    await using service = await RoutesService.start();
    service.answer = () => new Promise(() => undefined);
    const { clock, router } = service;
    let failed: unknown;
    const asking = router.route(service.context(), requestFor("x")).catch((error: unknown) => {
      failed = error;
    });
    while (service.asked.length === 0) {
      // oxlint-disable-next-line no-await-in-loop
      await clock.advanceAndSettle(0);
    }
    await clock.advanceAndSettle(1_990 - clock.nowMs());
    assert.equal(failed, undefined);
    await clock.advanceAndSettle(20);
    await asking;
    assert.equal(ServiceError.from(failed).code, "deadline-exceeded");
  });

  it("are never none because the service is gone, or does not know the question", async () => {
    await using service = await RoutesService.start();
    service.answer = () => Promise.reject(new Error("the database is on fire"));
    const first = service.router.route(service.context(), requestFor("x"));
    const failure = await ended(first, service);
    assert.equal(failure.code, "internal");
    await service.stop();
    const second = service.router.route(service.context(), requestFor("x"));
    assert.notEqual((await ended(second, service)).code, "not-found");
    assert.equal(service.router.snapshot()["kept"], 0);
  });

  for (const path of ["", "../x", "/srv/../etc", "-x", "a\nb", "/srv//x"]) {
    it(`are not believed with the path ${JSON.stringify(path)}`, async () => {
      await using service = await RoutesService.start();
      service.answer = () => ({ backend: "main", path });
      const asked = service.router.route(service.context(), requestFor("x"));
      await assert.rejects(asked, { code: "internal", message: /^the route's path / });
      const line = service.logger.lines.find(({ level }) => level === "error");
      assert.equal(line?.message, "a route that cannot be used");
      assert.equal(service.router.snapshot()["kept"], 0);
    });
  }

  it("are not asked for by a request that is over", async () => {
    await using service = await RoutesService.start();
    const context = createContext({ clock: service.clock, deadlineMs: 10 });
    service.clock.advance(10);
    const asked = service.router.route(context, requestFor("x"));
    await assert.rejects(asked, { code: "deadline-exceeded" });
    assert.equal(service.asked.length, 0);
  });
});

/** How it fails; time goes on meanwhile, for whatever is tried again. */
async function ended(asking: Promise<unknown>, { clock }: RoutesService): Promise<ServiceError> {
  let failure: ServiceError | undefined;
  asking.then(
    () => assert.fail("it has not failed"),
    (error: unknown) => {
      failure = ServiceError.from(error);
    },
  );
  // oxlint-disable-next-line no-await-in-loop
  while (failure === undefined) await clock.advanceAndSettle(1);
  return failure;
}
