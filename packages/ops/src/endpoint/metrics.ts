/** `/metrics`: every metric, in the format that the scraper likes best. */
import { prefers } from "../http/reply.ts";
import {
  METRICS_CONTENT_TYPE,
  type MetricsFormat,
  renderMetrics,
} from "../metrics/render-metrics.ts";
import type { Endpoint } from "../ops-view.ts";

export const metricsEndpoint: Endpoint = ({ sources }, { accept }) => {
  const openMetrics = prefers(accept, "application/openmetrics-text", "text/plain");
  const format: MetricsFormat = openMetrics ? "openmetrics" : "prometheus";
  return {
    status: 200,
    contentType: METRICS_CONTENT_TYPE[format],
    body: renderMetrics(sources.stats, format),
  };
};
