def behaviour(prompt, reply, stopped):
    if not stopped:
        return "runs on"
    if prompt.strip().casefold() in reply.casefold():
        return "echo"
    return "reply"
