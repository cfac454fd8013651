# Vigil in a container: `vigil serve`, not as root. Settings by VIGIL_* variables (docs/configuration.md).
FROM node:24-slim AS build
WORKDIR /vigil
COPY package.json package-lock.json .npmrc ./
# No install script is needed: what is native comes prebuilt inside its package.
RUN npm ci --include=dev --ignore-scripts
COPY . .
RUN node scripts/build.js && npm prune --omit=dev --ignore-scripts

FROM node:24-slim
ENV NODE_ENV=production \
    ORT_DISABLE_TELEMETRY=1 \
    VIGIL_HTTP_HOST=0.0.0.0
WORKDIR /vigil
COPY --from=build /vigil/package.json /vigil/LICENSE /vigil/NOTICE ./
COPY --from=build /vigil/bin bin
COPY --from=build /vigil/dist dist
COPY --from=build /vigil/models models
COPY --from=build /vigil/docs/contracts docs/contracts
COPY --from=build /vigil/node_modules node_modules
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then((it) => process.exit(it.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "bin/vigil.js"]
CMD ["serve"]
