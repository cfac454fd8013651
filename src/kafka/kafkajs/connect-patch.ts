/** The part of kafkajs' Connection that the patch touches. */
export interface ConnectionClass {
  readonly prototype: { connect(): Promise<unknown> }
}

/**
 * One socket a connection. In kafkajs 2.2.4 two requests that both find a connection closed open two sockets, of which it
 * forgets the first: nobody closes that one, and until the broker does, ten minutes later, the process cannot end.
 */
export function patchConnect({ prototype }: ConnectionClass): void {
  const connect = prototype.connect
  const opening = new WeakMap<object, Promise<unknown>>()
  prototype.connect = function connectOnce(this: object) {
    const known = opening.get(this)
    if (known !== undefined) return known
    const opened = connect.call(this as never).finally(() => opening.delete(this))
    opening.set(this, opened)
    return opened
  }
}
