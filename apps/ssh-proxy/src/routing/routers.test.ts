/** Each router under the contract of all. */
import { NeededAccess, NoSuchRepository, ReadOnlyRepository } from "../gen/routes.ts";
import { routerContract, type RouterUnderTest } from "./router.contract.ts";
import { MAIN, RouteDesk } from "./testing/route-desk.ts";
import { RoutesService } from "./testing/routes-service.ts";

routerContract("a file", async () => {
  const desk = new RouteDesk();
  const shared = { account: "aviato", backend: "main" };
  const router = await desk.open({
    backends: { main: MAIN },
    routes: [
      { ...shared, repository: "team/x.git", path: "/srv/x.git" },
      { ...shared, repository: "docs/*.git", access: "read", path: "/srv/{1}.git" },
    ],
  });
  return {
    router,
    context: () => desk.context(),
    [Symbol.asyncDispose]: () => Promise.resolve(router.close()),
  };
});

routerContract("a service that is asked", async (): Promise<RouterUnderTest> => {
  const service = await RoutesService.start();
  service.answer = ({ account, repository, access }) => {
    if (account !== "aviato") throw new NoSuchRepository({});
    if (repository === "team/x.git") return { backend: "main", path: "/srv/x.git" };
    if (repository !== "docs/y.git") throw new NoSuchRepository({});
    if (access === NeededAccess.WRITE) throw new ReadOnlyRepository({});
    return { backend: "main", path: "/srv/y.git" };
  };
  return service;
});
