// idl/echo.proto as @grpc/grpc-js likes it, for the server and for the request that h2load sends.
import { loadPackageDefinition } from "@grpc/grpc-js";
import type { ServiceClientConstructor } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const path = new URL("../../idl/echo.proto", import.meta.url).pathname;
const definition = loadPackageDefinition(loadSync(path, { longs: Number }));

/** The service's methods, with their serializers. */
export const echoService = (definition["echo"] as unknown as { Echo: ServiceClientConstructor })
  .Echo.service;
