# Vigil in a container: `vigil serve`, not as root. Settings by VIGIL_* variables (docs/configuration.md).
#   docker build -t vigil .                          steps on the processor
#   docker build -t vigil:cuda --target cuda .       with onnxruntime's CUDA libraries, for NVIDIA devices
FROM node:24-slim AS build
WORKDIR /vigil
COPY package.json package-lock.json .npmrc ./
# No install script is needed: what is native comes prebuilt inside its package.
RUN npm ci --include=dev --ignore-scripts
COPY . .
RUN node scripts/build.js && npm prune --omit=dev --ignore-scripts

# What an image has of Vigil, whatever it steps on.
FROM scratch AS vigil
COPY --from=build /vigil/package.json /vigil/LICENSE /vigil/NOTICE /vigil/
COPY --from=build /vigil/bin /vigil/bin
COPY --from=build /vigil/dist /vigil/dist
COPY --from=build /vigil/models /vigil/models
COPY --from=build /vigil/docs/contracts /vigil/docs/contracts
COPY --from=build /vigil/node_modules /vigil/node_modules

# The CUDA libraries, too large for npm: onnxruntime's own script takes them from NuGet. Those of TensorRT are not used.
FROM build AS cuda-libraries
RUN ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js \
  && rm node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_tensorrt.so

# CUDA 12 and cuDNN 9 are NVIDIA's; the device is given by its container runtime (`--gpus 1`, `nvidia.com/gpu: 1`).
FROM nvidia/cuda:12.8.1-cudnn-runtime-ubuntu24.04 AS cuda
ENV NODE_ENV=production \
    ORT_DISABLE_TELEMETRY=1 \
    VIGIL_HTTP_HOST=0.0.0.0 \
    VIGIL_INFERENCE_PROVIDERS=cuda,cpu
WORKDIR /vigil
COPY --from=node:24-slim /usr/local/bin/node /usr/local/bin/node
COPY --from=vigil /vigil /vigil
COPY --from=cuda-libraries /vigil/node_modules/onnxruntime-node/bin /vigil/node_modules/onnxruntime-node/bin
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then((it) => process.exit(it.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "bin/vigil.js"]
CMD ["serve"]

FROM node:24-slim
ENV NODE_ENV=production \
    ORT_DISABLE_TELEMETRY=1 \
    VIGIL_HTTP_HOST=0.0.0.0
WORKDIR /vigil
COPY --from=vigil /vigil /vigil
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then((it) => process.exit(it.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "bin/vigil.js"]
CMD ["serve"]
