/**
 * How a policy above learns where a try went before it has an answer: it puts a record into the
 * try's context, and whoever chooses the instance writes into it.
 */
import { contextKey } from "@holdfast/core";

export interface TryRecord {
  /** The instance that the try was sent to; the last one when it was moved. */
  instanceId: string | undefined;
}

/**
 * The record of the try that a context belongs to; undefined when nobody wants to know. The
 * balancer sets `instanceId` when it has chosen. It does not travel to the callee.
 */
export const tryRecordKey = contextKey<TryRecord | undefined>("try record", undefined);
