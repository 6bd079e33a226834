// What browsers of old television sets (Chromium 68) lack of what the libraries use. Imported first.

if (typeof window.queueMicrotask !== "function") {
  const ready = Promise.resolve();
  window.queueMicrotask = (task) => {
    ready.then(task).catch((error: unknown) =>
      setTimeout(() => {
        throw error; // as the original: told like any error that nobody caught
      }),
    );
  };
}
