/** Keys of the tests: some that ssh-keygen made once, and blobs with any numbers in them. */
import { MessageWriter } from "../../message-writer.ts";

/** Lines of ssh-keygen with what `ssh-keygen -l` says of them. */
export const KEY_LINES = [
  {
    line: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPi2wTn5IulVQjlD9pp4bhJj7e9IUaDAYM8K3tEsEz0n fixture ed25519",
    fingerprint: "SHA256:/qWgFZXOwr1IQ1BDRLyFGRizpcWDUwhGAVscEvyyhbU",
    bits: 256,
  },
  {
    line: "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBPKF4P3DNgcKUoe2eWm0FFs/NvBcz9MotZWTjMDXn3LnU2jkw70JTLbRJ763kSKxRsW9Xh+SN3koE0/CEg1ZDYA= fixture ecdsa",
    fingerprint: "SHA256:ikz3u0O2NqVUuC2Q7iSDhe/p1OBf0da8aIYWuuIweGk",
    bits: 256,
  },
  {
    line: "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDyQCP9MlvpGHDpenTia4mKteYEwytA8z/s41MxzNiZW5GxLklonTCSKG3n7QgPEFRbyCwV8/RI/gVbp5Rg430H/syEeTbpwAZLJneGVQFsnqJhTxciEvKeO9N9m9sJxcMLXGD7cc2OBg4orIsiqU/Hko7ZaGIdHPzEvs+PvLjdacuxHtLnGej796Xjz+Hd+7pVnGfLqKpSAJU+XCkHfH+Jw5+eM+C23xaoYWluGQBF/wLu37HmzENCqF2CDFvV9l45V3AopeW8RRcBMempUNMC1ZqXTSdlqaNfzU4rYXl+HkcoSla5WPUgpdKz7jJaFjRRIMLRyQUNtui5k17Yax4/ fixture rsa",
    fingerprint: "SHA256:uGfoqxSOcQTG1YTtqYiXO9EZjeZzg0+oISd+4mEMMN0",
    bits: 2048,
  },
] as const;

/** The blob of an RSA key whose modulus is odd, has so many bits, and is no product of primes. */
export function rsaBlob(bits: number, exponent: readonly number[] = [1, 0, 1]): Buffer {
  const modulus = Buffer.alloc(Math.ceil(bits / 8), 0x55);
  modulus[0] = 1 << ((bits - 1) % 8);
  return new MessageWriter().string("ssh-rsa").mpint(Buffer.from(exponent)).mpint(modulus).finish();
}
