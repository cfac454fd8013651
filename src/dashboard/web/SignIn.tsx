import { useLayoutEffect, useRef, useState } from 'preact/hooks'

/** The form of a listener that asks for tokens. */
export function SignIn({ signIn }: { signIn: (token: string) => Promise<string | undefined> }) {
  const field = useRef<HTMLInputElement>(null)
  const [refused, setRefused] = useState<string>()
  useLayoutEffect(() => {
    document.title = 'Sign in · Vigil'
    field.current?.focus()
  }, [])
  const submit = async (event: Event) => {
    event.preventDefault()
    const { current } = field
    if (current === null) return
    setRefused(await signIn(current.value.trim()))
    current.value = ''
    current.focus()
  }
  return (
    <main class="sign-in">
      <h1>Vigil</h1>
      <form onSubmit={submit}>
        <label for="token">Token</label>
        <input id="token" type="password" autocomplete="current-password" required ref={field} />
        <button type="submit">Sign in</button>
        <p role="alert">{refused}</p>
        <p class="none">
          An operator makes a token with <code>vigil token NAME --role clinician</code>. Without it, nobody is watching
          here.
        </p>
      </form>
    </main>
  )
}
