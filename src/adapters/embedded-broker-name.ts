/** The `server_name` by which a client knows that it talks to the embedded broker. */
export const EMBEDDED_BROKER_NAME = 'causeway-embedded-broker';
