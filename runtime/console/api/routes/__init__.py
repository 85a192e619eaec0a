"""The API's resources, a module a concept. A route translates: shape in, one call of the service, shape out."""
