internal import Glibc

/// Who uses this process.
package enum Caller {
  /// The user whose rights the process has, as the password database calls him; his number if it does not know him.
  package static var user: String {
    guard let entry = unsafe getpwuid(geteuid()), let name = unsafe entry.pointee.pw_name else {
      return "user \(geteuid())"
    }
    return unsafe String(cString: name)
  }

  /// Who became that user by sudo(8).
  package static var invoker: String? { Environment.variable("SUDO_USER") }

  /// Where the ssh session comes from that this process belongs to: the first word of `SSH_CONNECTION` (ssh(1)).
  package static var origin: String? { connection.first }

  /// The words of `SSH_CONNECTION` (ssh(1)): address and port of the client, address and port of this machine; none
  /// without it. sudo takes it out of the environment, so the processes above are asked as well.
  package static var connection: [String] {
    if let own = Environment.variable("SSH_CONNECTION") { return words(own) }
    for process in processes.dropFirst() {
      guard let bytes = try? Files.read("/proc/\(process)/environ", atMost: 1 << 20) else { continue }
      for variable in bytes.split(separator: 0) where variable.starts(with: Array("SSH_CONNECTION=".utf8)) {
        return words(String(decoding: variable.dropFirst(15), as: UTF8.self))
      }
    }
    return []
  }

  private static func words(_ text: String) -> [String] {
    text.split(separator: " ").prefix(4).map { String($0.prefix(64)) }
  }

  /// The numbers of the sockets that this process has open, then those of each process above it, the nearest first
  /// (proc_pid_fd(5)): of each those among its first 4096 descriptors; none of one that may not be read.
  package static var sockets: [Set<UInt64>] {
    processes.map { process in
      let path = "/proc/\(process)/fd"
      guard let directory = try? Directory(opening: path), let entries = try? directory.entries() else {
        return []
      }
      let links = entries.keys.compactMap { Int32($0) }.sorted().prefix(4096).compactMap {
        Files.readLink("\(path)/\($0)")
      }
      return Set(
        links.compactMap { link in
          link.hasPrefix("socket:[") ? UInt64(link.dropFirst(8).dropLast()) : nil
        })
    }
  }

  /// This process and those above it, the nearest first, 33 at most. The first of the namespace is none of them: what it has
  /// open it has for everybody.
  private static var processes: [Int32] {
    var result = [getpid()]
    var process = getppid()
    while process > 1, result.count < 33 {
      result.append(process)
      guard let stat = Files.text("/proc/\(process)/stat"),
        // The second field, the program's name in parentheses, can hold anything.
        let fields = stat.lastIndex(of: ")").map({ stat[$0...].split(separator: " ") }), fields.count > 2,
        let parent = Int32(fields[2])
      else { break }
      process = parent
    }
    return result
  }
}
