/** The tests that every implementation of core's discovery must pass, ours and others'. */
export { Heard } from "./heard.contract.ts";
export { describeRegistrar, type RegistrarPlace } from "./registrar.contract.ts";
export {
  type DescribeContract,
  describeResolver,
  type ResolverPlace,
} from "./resolver.contract.ts";
