"""One run made of the parts of several machines. What a part says is data that anybody may have written."""
