/** Whether two lists of instances say the same. */
import { formatAddress, type Instance } from "@holdfast/core";

/** Both in the order of their ids. */
export function sameInstances(a: readonly Instance[], b: readonly Instance[]): boolean {
  return a.length === b.length && a.every((instance, index) => same(instance, b[index]!));
}

function same(a: Instance, b: Instance): boolean {
  return (
    a.id === b.id &&
    a.weight === b.weight &&
    a.zone === b.zone &&
    a.address.kind === b.address.kind &&
    formatAddress(a.address) === formatAddress(b.address) &&
    a.tags.length === b.tags.length &&
    a.tags.every((tag, index) => tag === b.tags[index])
  );
}
