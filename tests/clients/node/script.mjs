// fhir-kit-client tells a gateway the story of the other clients; what it saw is printed as JSON.
// Called with the base address and a file that holds the token, the people, a claim and a poll.

import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'fhir-kit-client';

const [baseUrl, file] = process.argv.slice(2);
const { token, people, claim, poll, pageSize, mostPolls, pauseSeconds } = JSON.parse(
  readFileSync(file, 'utf-8'),
);
const client = new Client({ baseUrl, bearerToken: token });

const create = (body) => client.create({ resourceType: body.resourceType, body });

async function pages(family) {
  const found = [];
  const searchParams = { family, _sort: '_id', _count: pageSize };
  let bundle = await client.search({ resourceType: 'Patient', searchParams });
  // As many pages as there are people, at most.
  for (let turn = 0; bundle && turn <= people.length; turn += 1) {
    found.push(bundle.entry.map((entry) => entry.resource.id));
    bundle = await client.nextPage({ bundle });
  }
  return found;
}

async function handedOver() {
  for (let turn = 0; turn < mostPolls; turn += 1) {
    const task = await create(poll);
    const output = (task.output ?? []).find((one) => one.type.coding[0].code === 'response');
    if (output) {
      const [, id] = output.valueReference.reference.split('/');
      return client.read({ resourceType: 'Bundle', id });
    }
    await pause(pauseSeconds * 1000);
  }
  throw new Error('nothing was handed over');
}

async function refusal(asked) {
  try {
    await asked();
    return null;
  } catch (error) {
    return [error.response.status, error.response.data.resourceType];
  }
}

const made = [];
for (const person of people) {
  made.push((await create(person)).id);
}
claim.patient = { reference: `Patient/${made[0]}` };
const sent = await create(claim);
const bundle = await handedOver();
const found = await client.search({
  resourceType: 'Claim',
  searchParams: { patient: `Patient/${made[0]}` },
});
const history = await client.history({ resourceType: 'Patient', id: made[0] });
const statement = await client.capabilityStatement();

console.log(
  JSON.stringify({
    made,
    pages: await pages(people[0].name[0].family),
    claim: sent.id,
    claims: found.entry.map((entry) => entry.resource.id),
    handedOver: bundle.entry.map((entry) => entry.resource.resourceType).sort(),
    history: history.entry.length,
    version: statement.fhirVersion,
    unknown: await refusal(() => client.read({ resourceType: 'Patient', id: 'none' })),
    invalid: await refusal(() => create({ resourceType: 'Patient', gender: 'x' })),
  }),
);
