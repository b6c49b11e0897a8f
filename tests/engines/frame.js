// A page of the matrix: performs the steps that the page around it sends, and reports what a script is told.

onmessage = async ({data, source}) => source.postMessage({call: data.call, told: await told(data.step)}, "*");
(opener ?? parent).postMessage({ready: true}, "*");
