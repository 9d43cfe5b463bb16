internal import Glibc

enum RuntimeDirectory {
  static func path() throws -> String { unsafe mkdir("/tmp/sk", 0o700); return "/tmp/sk" }
}
