// Plain JavaScript, so that a Node.js too old to run TypeScript gets a sentence instead of a stack trace.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 18)) {
  const pinned =
    process.platform === 'linux' ? ' (npm ci brings one along: run it through npm, as in `npm start`)' : '';
  console.error(`Banyan needs Node.js 22.18 or newer${pinned}; this is ${process.version}: ${process.execPath}`);
  process.exit(1);
}

await import('./src/main.ts');
