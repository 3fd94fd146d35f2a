// The SDK finds its own credentials: nothing here reads a key.
const { SQSClient, ReceiveMessageCommand } = require("@aws-sdk/client-sqs");

const client = new SQSClient({ region: process.env.AWS_REGION });

async function poll() {
  const answer = await client.send(
    new ReceiveMessageCommand({ QueueUrl: process.env.QUEUE_URL, WaitTimeSeconds: 20 }),
  );
  return answer.Messages ?? [];
}

module.exports = { poll };
