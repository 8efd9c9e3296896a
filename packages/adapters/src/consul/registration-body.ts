/** A registration as Consul's agent takes it, `PUT /v1/agent/service/register`. */
import type { Instance } from "@holdfast/core";
import { serviceIdOf } from "./health.ts";
import type { ConsulCheck, ConsulRegistrarOptions } from "./registrar-options.ts";

/** What Consul takes for a weight. */
const WEIGHT_MAX = 65_535;

/** Throws a RangeError for an instance that Consul cannot hold. */
export function registrationBody(
  service: string,
  instance: Instance,
  options: ConsulRegistrarOptions,
): object {
  const { id, address, weight, zone, tags } = instance;
  if (service === "" || id === "") throw new RangeError("a service and an instance have names");
  if (!Number.isInteger(weight) || weight < 1 || weight > WEIGHT_MAX) {
    throw new RangeError(
      `the weight of ${id} is ${weight}; Consul takes whole numbers from 1 to ${WEIGHT_MAX}`,
    );
  }
  const { meta, zoneMetaKey, check, deregisterCriticalAfterMs } = options;
  return {
    ID: serviceIdOf(service, id),
    Name: service,
    ...(address.kind === "tcp"
      ? { Address: address.host, Port: address.port }
      : { SocketPath: address.path }),
    Tags: tags,
    Meta: { ...meta, ...(zone === "" ? {} : { [zoneMetaKey]: zone }) },
    // In the state "warning" it gets the least there is.
    Weights: { Passing: weight, Warning: 1 },
    Check: {
      CheckID: checkIdOf(service, id),
      Name: `${service} is well`,
      // It registers because it is ready; a check that begins as critical would hide it at first.
      Status: "passing",
      DeregisterCriticalServiceAfter: `${Math.ceil(deregisterCriticalAfterMs)}ms`,
      ...checkBody(check),
    },
  };
}

export function checkIdOf(service: string, instanceId: string): string {
  return `service:${serviceIdOf(service, instanceId)}`;
}

function checkBody(check: ConsulCheck): object {
  if (check.kind === "ttl") return { TTL: `${Math.ceil(check.ttlMs)}ms` };
  const { url, intervalMs, timeoutMs } = check;
  return {
    HTTP: url,
    Interval: `${Math.ceil(intervalMs)}ms`,
    Timeout: `${Math.ceil(timeoutMs)}ms`,
  };
}
