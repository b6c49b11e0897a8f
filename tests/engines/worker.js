// A worker of the matrix: fetches what a page asks it to, and tells it what a script is told.

onmessage = async ({data, ports}) => ports[0].postMessage(await told(data));
