// A page of the matrix: does what the page around it says, and tells it what a script is told.

onmessage = async ({data, source}) => source.postMessage({call: data.call, told: await told(data.step)}, "*");
(opener ?? parent).postMessage({ready: true}, "*");
