// onnxruntime's official binaries send usage data to Microsoft unless told not to (on Linux since 1.29), with the model's
// name and hashes among it, and leave files in the home and temporary folders. What watches patients tells nobody else.
// Imported before the library loads: it reads this once. Only the main thread can set it for the whole process.
process.env['ORT_DISABLE_TELEMETRY'] = '1'
