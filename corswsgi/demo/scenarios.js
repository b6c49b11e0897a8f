/* The requests that the page makes, and what should become of each; how they are run and shown is in walk-through.js.
 *
 * from    who sends it, if not the page: "stranger", a frame of another origin; "sandbox", a frame whose origin is null
 * first   a request before it, to the same front end
 * reads   response headers that the script asks for
 * expect  outcome, and where it is readable: status, body (parsed), headers (null: hidden);
 *         saw: every exchange on the wire, as the method and the status it was answered with
 */

const JSON_TYPE = { "Content-Type": "application/json" };

export const GROUPS = [
  {
    title: "Requests that the policy allows",
    words: "The page's origin is on the list, and so is everything it asks for.",
    scenarios: [
      {
        name: "simple-get",
        title: "Read something with GET",
        words: "The plainest request there is. The browser sends it at once, and looks at the answer before your script may.",
        path: "/status",
        init: {},
        expect: { outcome: "readable", status: 200, body: { status: "OK" }, saw: ["GET 200"] },
        lesson:
          "The answer names this page's origin in Access-Control-Allow-Origin. That one line is what makes it readable.",
      },
      {
        name: "json-post",
        title: "Send JSON with POST",
        words: "A form on any site could send a POST, but not one that says it is JSON. So the browser asks the server first.",
        path: "/orders",
        init: { method: "POST", headers: JSON_TYPE, body: '{"item": "tea", "cups": 2}' },
        expect: {
          outcome: "readable",
          status: 201,
          body: { ordered: { item: "tea", cups: 2 } },
          saw: ["OPTIONS 204", "POST 201"],
        },
        lesson:
          "The question before is the preflight: an OPTIONS request that your code never sees. Its answer lists Content-Type, so the POST follows.",
      },
      {
        name: "put",
        title: "Change something with PUT",
        words: "Forms cannot send PUT, so the browser asks first, whatever the body is.",
        path: "/orders/7",
        init: { method: "PUT", headers: JSON_TYPE, body: '{"cups": 3}' },
        expect: { outcome: "readable", status: 200, body: { saved: true }, saw: ["OPTIONS 204", "PUT 200"] },
        lesson: "PUT is in allow_methods. GET, HEAD and POST never need to be listed; every other method does.",
      },
      {
        name: "custom-header",
        title: "Send a header of your own",
        words: "A GET with an API key. The header, not the method, makes the browser ask first.",
        path: "/key",
        init: { headers: { "X-Api-Key": "k-123" } },
        expect: { outcome: "readable", status: 200, body: { key: "k-123" }, saw: ["OPTIONS 204", "GET 200"] },
        lesson: "X-Api-Key is in allow_headers. Upper and lower case make no difference in names of headers.",
      },
      {
        name: "bearer-token",
        title: "Send a Bearer token",
        words: "The script holds a token and sends it itself. No cookie is involved, so no credentials are asked for.",
        path: "/account",
        init: { credentials: "omit", headers: { Authorization: "Bearer demo-token" } },
        expect: { outcome: "readable", status: 200, body: { account: "ada" }, saw: ["OPTIONS 204", "GET 200"] },
        lesson:
          "To the browser, Authorization is a header like any other of your own: it must be in allow_headers, and even “*” does not cover it.",
      },
      {
        name: "cookie",
        title: "Send a cookie",
        words: "First the script signs in and is given a cookie. Then it asks who it is. Both requests say credentials: include.",
        first: { path: "/session", init: { method: "POST", credentials: "include" } },
        path: "/session",
        init: { credentials: "include" },
        expect: { outcome: "readable", status: 200, body: { cookie: "ada" }, saw: ["POST 200", "GET 200"] },
        lesson:
          "The answer carries Access-Control-Allow-Credentials: true, because the policy says allow_credentials, and it names the origin: “*” would not do here.",
      },
      {
        name: "no-cookie",
        title: "Leave the cookie at home",
        words: "The same again, but the second request says credentials: omit.",
        first: { path: "/session", init: { method: "POST", credentials: "include" } },
        path: "/session",
        init: { credentials: "omit" },
        expect: { outcome: "readable", status: 200, body: { cookie: null }, saw: ["POST 200", "GET 200"] },
        lesson:
          "The browser has the cookie and does not send it. Across origins it does so only where the script says include.",
      },
      {
        name: "exposed-header",
        title: "Read a header that is exposed",
        words: "The answer has a header of the API's own, X-Request-Cost. The script asks for it.",
        path: "/cost",
        init: {},
        reads: ["X-Request-Cost"],
        expect: {
          outcome: "readable",
          status: 200,
          body: { rows: 3 },
          headers: { "X-Request-Cost": "3" },
          saw: ["GET 200"],
        },
        lesson: "X-Request-Cost is in expose_headers, and so in Access-Control-Expose-Headers of the answer.",
      },
      {
        name: "hidden-header",
        title: "Read a header that is not exposed",
        words: "The same answer also has a header X-Internal-Node. The script asks for that one.",
        path: "/cost",
        init: {},
        reads: ["X-Internal-Node"],
        expect: {
          outcome: "readable",
          status: 200,
          body: { rows: 3 },
          headers: { "X-Internal-Node": null },
          saw: ["GET 200"],
        },
        lesson:
          "The header arrived, as you can see in the exchange, but the browser keeps it from the script: only a few standard headers are readable without being listed.",
      },
      {
        name: "error-500",
        title: "Read an error",
        words: "The API has a bug and crashes. Will the script learn that, or will it see a “CORS error”?",
        path: "/crash",
        init: {},
        expect: { outcome: "readable", status: 500, saw: ["GET 500"] },
        lesson:
          "Errors get the same headers as successes, so that the script reads an honest 500. Without them, it would look as if CORS were at fault.",
      },
    ],
  },
  {
    title: "Requests that the policy refuses",
    words: "The page's origin is on the list, but what it asks for is not. The browser finds that out before it sends anything.",
    scenarios: [
      {
        name: "refused-method",
        title: "Delete something",
        words: "The API would know what to do with a DELETE. The policy does not list it.",
        path: "/orders/7",
        init: { method: "DELETE" },
        expect: { outcome: "blocked", saw: ["OPTIONS 204"] },
        lesson:
          "The preflight was answered with the whole list of methods. DELETE is not among them, so the browser never sent it: nothing was deleted.",
      },
      {
        name: "refused-header",
        title: "Send a header that is not listed",
        words: "A GET with X-Debug, which the policy does not mention.",
        path: "/status",
        init: { headers: { "X-Debug": "1" } },
        expect: { outcome: "blocked", saw: ["OPTIONS 204"] },
        lesson:
          "X-Debug is not in allow_headers. The browser's console says exactly that; the script is told only that it failed.",
      },
    ],
  },
  {
    title: "Requests from other origins",
    words:
      "These come from frames on this page. To the browser they are other origins, although it is the same machine and the same server.",
    scenarios: [
      {
        name: "stranger-get",
        title: "Another origin reads with GET",
        words: "A frame that was loaded by another name of this machine asks for what the first request above could read.",
        from: "stranger",
        path: "/status",
        init: {},
        expect: { outcome: "blocked", saw: ["GET 200"] },
        lesson:
          "The request went through and was answered, yet the answer does not name the frame's origin, so the script may not read it. CORS decides who may read; it does not keep requests away.",
      },
      {
        name: "stranger-post",
        title: "Another origin sends JSON",
        words: "The same frame tries to place an order.",
        from: "stranger",
        path: "/orders",
        init: { method: "POST", headers: JSON_TYPE, body: '{"item": "tea", "cups": 999}' },
        expect: { outcome: "blocked", saw: ["OPTIONS 403"] },
        lesson:
          "The preflight was refused, so the POST was never sent. This is where CORS does keep requests away: where the browser has to ask first.",
      },
      {
        name: "sandboxed-get",
        title: "A sandboxed frame reads with GET",
        words: "A frame with the attribute sandbox belongs to nobody. The browser sends Origin: null.",
        from: "sandbox",
        path: "/status",
        init: {},
        expect: { outcome: "blocked", saw: ["GET 200"] },
        lesson: "null is not on the list, and should not be: any site can make a frame with that origin.",
      },
    ],
  },
];
