"""What travels in requests and answers, as pydantic models: the OpenAPI document is made of them."""
