import assert from 'node:assert/strict';
import NodeForm from 'form-data';
import type { Client, Reply } from '../client.ts';

/** A gif of one pixel. */
const gif = Buffer.from('R0lGODlhAQABAIAAAP8AAP///ywAAAAAAQABAAACAkQBADs=', 'base64');
/** Nearly as much as the shop takes, so that it does not pass in one piece. */
const largeBytes = 9 * 1024 * 1024;
const formType = 'multipart/form-data';

/**
 * Uploads pictures in every way that the client knows, and shows them with a product. `plain` uses Node's own `fetch`,
 * `crossed` the one that understands the forms of the package `form-data`.
 */
export async function hangPictures(plain: Client, crossed: Client): Promise<void> {
  await Promise.all([plain.Authenticate(), crossed.Authenticate()]);
  const streamed = await crossed.Files.Create!(nodeForm('Streamed.gif'), nodeForm('').getHeaders()['content-type']);
  const form = nodeForm('Buffered.gif');
  const buffered = await plain.Files.Create!(form.getBuffer(), form.getHeaders()['content-type']);
  const native = await plain.Files.Create!(nativeForm('Native.gif'), formType);
  for (const { data } of [streamed, buffered, native]) {
    assert.deepEqual([data.type, data.mime_type, data.file_size, data.public], ['file', 'image/gif', gif.length, true]);
    assert.deepEqual(data.meta.dimensions, { width: 1, height: 1 });
  }
  const large = new FormData();
  large.append('file', new Blob([Buffer.alloc(largeBytes)]), 'large.bin');
  assert.equal((await plain.Files.Create!(large, formType)).data.file_size, largeBytes);
  const link = await crossed.Files.Link!('https://images.example/elsewhere.png');
  assert.equal(link.data.link.href, 'https://images.example/elsewhere.png');
  for (const unreadable of [
    () => plain.Files.Create!(nodeForm('Lost.gif'), nodeForm('').getHeaders()['content-type']),
    () => plain.Files.Create!(nodeForm('Lost.gif'), formType),
    () => plain.Files.Link!('https://images.example/lost.png'),
  ]) {
    await assert.rejects(unreadable(), (refusal: Reply) => [400, 422].includes(refusal.errors[0].status));
  }
  await show(plain, { image: streamed.data.id, others: [buffered.data.id, link.data.id] });

  const listed = await plain.Files.Filter({ like: { file_name: 'native*' } }).Limit(1).All!();
  assert.equal(listed.data[0].mime_type, 'image/gif');
  await plain.Files.Delete!(native.data.id);
  await assert.rejects(plain.Files.Get!(native.data.id), (refusal: Reply) => refusal.errors[0].status === 404);
}

async function show(client: Client, { image, others }: { image: string; others: string[] }): Promise<void> {
  const { data } = await client.Products.Limit(1).All!();
  const { id } = data[0];
  await client.Products.CreateRelationships!(id, 'main-image', image);
  await client.Products.UpdateRelationships!(id, 'file', others);
  const shown = await client.Products.With(['main_image', 'files']).Get!(id);
  const { main_images, files } = shown.included;
  const found = main_images.find((one: Reply) => one.id === shown.data.relationships.main_image.data.id);
  assert.deepEqual(files.map((one: Reply) => one.id).sort(), [...others].sort());

  const content = await fetch(new URL(new URL(found.link.href).pathname, `http://${client.config.host}`));
  assert.equal(content.headers.get('content-type'), 'image/gif');
  assert.deepEqual(Buffer.from(await content.arrayBuffer()), gif);
  await client.Products.UpdateRelationships!(id, 'main-image', null);
  await client.Products.UpdateRelationships!(id, 'file', []);
  assert.equal((await client.Products.Get!(id)).data.relationships.main_image, undefined);
}

/** The boundary of these forms is the same, so that the header of one fits another. */
function nodeForm(fileName: string): NodeForm {
  const form = new NodeForm();
  form.setBoundary('----journey-boundary');
  form.append('file', gif, { filename: fileName });
  form.append('public', 'true');
  return form;
}

function nativeForm(fileName: string): FormData {
  const form = new FormData();
  form.append('file', new Blob([gif]), fileName);
  form.append('public', 'true');
  return form;
}
