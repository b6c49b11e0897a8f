// A worker of the matrix: fetches what a page asks for, and reports what a script is told.

onmessage = async ({data, ports}) => ports[0].postMessage(await told(data));
