// A case to take away: as a call of the package, and as a row of a data file.

/** The case as Python that prints the same tokens. JSON's strings are Python's too. */
export function asPython(state) {
  const source = state.source === null ? JSON.stringify(state.template) : JSON.stringify(state.source);
  const options = [`chat_template=${source}`];
  if (state.max_length !== null) {
    options.push(`max_length=${state.max_length}`);
    if (state.truncation !== "keep_start") options.push(`truncation=${JSON.stringify(state.truncation)}`);
  }
  const lines = ["import sintonia", ""];
  const conversations = [["conversation", state.messages]];
  if (state.second) conversations.push(["second", state.second]);
  for (const [name, messages] of conversations) {
    const turns = messages.map(
      ({ role, content }) => `    {"role": ${JSON.stringify(role)}, "content": ${JSON.stringify(content)}},`,
    );
    lines.push(`${name} = [`, ...turns, "]");
  }
  const names = conversations.map(([name]) => name).join(", ");
  lines.push("examples = sintonia.encode(", `    [${names}],`, ...options.map((option) => `    ${option},`), ")");
  lines.push("for example in examples:", "    print(sintonia.show_mask(example))");
  if (state.second && state.max_length !== null) lines.push(`print(sintonia.pack(examples, ${state.max_length}))`);
  return `${lines.join("\n")}\n`;
}

/** The conversations as rows that `sintonia` and TRL read, one a line. */
export function asJsonl(state) {
  return [state.messages, state.second]
    .filter(Boolean)
    .map((messages) => `${JSON.stringify({ messages })}\n`)
    .join("");
}
