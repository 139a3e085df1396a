// @huggingface/jinja with Python's strings. Its own take JavaScript's white space, ignore the argument of
// `strip('\n')` and count UTF-16 units; chat templates were written for Python's.
import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";
import * as characters from "./characters.js";

const sample = new Interpreter(new Environment()).run(parse(tokenize("a")));
const StringValue = sample.constructor;
const FunctionValue = sample.builtins.get("upper").constructor;
const list = new Interpreter(new Environment()).run(parse(tokenize("a"))).builtins.get("split").value([]);
const ArrayValue = list.constructor;
const IntegerValue = sample.builtins.get("length").constructor;

const own = Object.getOwnPropertyDescriptor(StringValue.prototype, "builtins").get;
Object.defineProperty(StringValue.prototype, "builtins", {
  get() {
    const methods = own.call(this);
    if (!methods.has("sintonia")) {
      const text = this.value;
      const trimming = (trim) =>
        new FunctionValue(([given]) => {
          if (given !== undefined && given.type !== "StringValue" && given.type !== "NullValue") {
            throw new Error("strip arg must be None or str");
          }
          return new StringValue(trim(text, given?.value ?? undefined));
        });
      methods.set("strip", trimming(characters.strip));
      methods.set("lstrip", trimming(characters.stripStart));
      methods.set("rstrip", trimming(characters.stripEnd));
      methods.set("length", new IntegerValue(characters.length(text)));
      const split = methods.get("split");
      methods.set(
        "split",
        new FunctionValue((args, scope) =>
          args.length ? split.value(args, scope) : new ArrayValue(characters.words(text).map((word) => new StringValue(word))),
        ),
      );
      methods.set("sintonia", sample);
    }
    return methods;
  },
});

/** The library's interpreter, whose filter `trim` takes Python's white space. */
export class PythonInterpreter extends Interpreter {
  applyFilter(operand, filter, environment) {
    if (operand instanceof StringValue && filter.type === "Identifier" && filter.value === "trim") {
      return new StringValue(characters.strip(operand.value));
    }
    return super.applyFilter(operand, filter, environment);
  }
}
