/** A service of one method, written by hand as generated code has it: answers what it is asked. */
import {
  type BinaryReader,
  type BinaryWriter,
  CODEC,
  type Codec,
  type CompactReader,
  type CompactWriter,
  type Context,
  type MethodDefinition,
  type ServiceDefinition,
  TYPE,
} from "holdfast";

export interface EchoHandler {
  echo(context: Context, text: string): Promise<string>;
}

interface EchoArguments {
  readonly text: string;
}

const FIELD_TEXT = 0x0b_0001;

function read(input: BinaryReader | CompactReader): EchoArguments {
  let text = "";
  input.enterStruct();
  for (let key = input.readField(); key !== 0; key = input.readField()) {
    if (key === FIELD_TEXT) text = input.readString();
    else input.skipField(key);
  }
  input.leaveStruct();
  return { text };
}

function write(output: BinaryWriter | CompactWriter, { text }: EchoArguments): void {
  output.enterStruct();
  output.writeField(FIELD_TEXT);
  output.writeString(text);
  output.writeStop();
  output.leaveStruct();
}

const EchoArgumentsCodec: Codec<EchoArguments> = {
  type: TYPE.struct,
  readBinary: read,
  writeBinary: write,
  readCompact: read,
  writeCompact: write,
};

const EchoMethod: MethodDefinition<EchoHandler> = {
  name: "echo",
  oneway: false,
  idempotent: true,
  annotations: {},
  arguments: EchoArgumentsCodec,
  result: CODEC.string,
  exceptions: [],
  invoke: (handler, context, args) => handler.echo(context, (args as EchoArguments).text),
};

export const Echo: ServiceDefinition<EchoHandler, EchoHandler> = {
  name: "Echo",
  methods: [EchoMethod],
  client: (call) => ({
    echo: (context, text) => call(EchoMethod, context, { text }) as Promise<string>,
  }),
};
