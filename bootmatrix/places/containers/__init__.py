"""An image as a place: the engine, the sandbox, containers that are kept warm, and the agent in them."""
