/** Live configuration in a file: the public door of `@holdfast/adapters/config-file`. */
export { FileConfigSource, type FileConfigSourceParts } from "./file-config-source.ts";
export { FILE_CONFIG_DEFAULTS, type FileConfigOptions } from "./options.ts";
export { parseConfigFile, revisionOfText, type ParsedConfigFile } from "./parse-config-file.ts";
