// Shows the description of this API. No key is remembered beyond the page, and no other host is asked (validatorUrl).
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#description",
  validatorUrl: null,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
});
