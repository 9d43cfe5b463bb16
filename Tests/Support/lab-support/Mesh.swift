import Addressing
import Glibc

/// Answers on ports of TCP whatever is said, and tries again and again to begin connections elsewhere; of each end one that came
/// about is kept, and spoken over for as long as it is answered.
///
/// Prints `meshing` when it begins, and ends with standard input. What it sees is appended to a file, a line each, with times in
/// microseconds of CLOCK_MONOTONIC and ends by their places in the list:
///
///     try END BEGUN OVER 1        a connection came about; 0: none did
///     heard END SESSION SAID HEARD
///     lost END SESSION HEARD OVER   nothing came any more, or it was closed
struct Mesh {
  /// How long a connection may take to come about, and an answer: a packet that is lost alone is sent again within it.
  private static let patience = (connect: 5_000_000, answer: 10_000_000)
  /// Between two words of a session.
  private static let silence = 250_000

  private struct Session {
    let socket: Int32
    let number: Int
    var said = 0
    var heard: Int
    var isWaiting = false
  }

  private struct End {
    let address: Address
    let port: UInt16
    var next: Int
    var attempt: (socket: Int32, begun: Int)?
    var session: Session?
    var sessions = 0
  }

  private let pause: Int
  private let file: UnsafeMutablePointer<FILE>
  private var ends: [End] = []
  private var listeners: [Int32] = []
  private var clients: Set<Int32> = []

  init(_ ends: [(Address, UInt16)], answering ports: [UInt16], pause: Int, file path: String) {
    guard let file = fopen(path, "ae") else { exit(1) }
    (self.pause, self.file) = (pause, file)
    let now = Self.now()
    self.ends = ends.enumerated().map { number, end in
      // Not all at once.
      End(address: end.0, port: end.1, next: now + number * pause / max(1, ends.count))
    }
    listeners = ports.map { port in
      let listener = socket(AF_INET6, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
      var on: Int32 = 1
      setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
      onAddress(Address(.ipv6, 0), port) { if Glibc.bind(listener, $0, $1) != 0 { exit(1) } }
      listen(listener, 1024)
      return listener
    }
  }

  mutating func run() {
    print("meshing")
    fflush(nil)
    while true {
      begin()
      let watched = [STDIN_FILENO] + listeners + clients + ends.compactMap { $0.session?.socket }
      let tried = ends.compactMap { $0.attempt?.socket }
      var descriptors =
        watched.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        + tried.map { pollfd(fd: $0, events: Int16(POLLOUT), revents: 0) }
      poll(&descriptors, nfds_t(descriptors.count), 20)
      let ready = Set(descriptors.filter { $0.revents != 0 }.map(\.fd))
      if ready.contains(STDIN_FILENO) { break }
      serve(ready)
      for place in ends.indices {
        look(place, ready)
        speak(place, ready)
      }
      fflush(file)
    }
    fclose(file)
  }

  // MARK: Asked

  private mutating func serve(_ ready: Set<Int32>) {
    for listener in listeners where ready.contains(listener) {
      while case let client = accept(listener, nil, nil), client >= 0 {
        _ = fcntl(client, F_SETFL, O_NONBLOCK)
        clients.insert(client)
      }
    }
    for client in clients where ready.contains(client) {
      var bytes = [UInt8](repeating: 0, count: 64)
      let count = recv(client, &bytes, bytes.count, 0)
      if count > 0 {
        _ = Glibc.send(client, bytes, count, Int32(MSG_NOSIGNAL))
      } else if count == 0 || errno != EAGAIN {
        close(client)
        clients.remove(client)
      }
    }
  }

  // MARK: Asking

  private mutating func begin() {
    let now = Self.now()
    for place in ends.indices where ends[place].attempt == nil && ends[place].next <= now {
      let end = ends[place]
      let family = end.address.family == .ipv4 ? AF_INET : AF_INET6
      let socket = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
      if socket < 0 { exit(1) }
      connect(socket, to: end.address, end.port)
      ends[place].attempt = (socket, now)
      ends[place].next = now + pause
    }
  }

  private mutating func look(_ place: Int, _ ready: Set<Int32>) {
    guard let attempt = ends[place].attempt else { return }
    let now = Self.now()
    let isOver = ready.contains(attempt.socket)
    guard isOver || now - attempt.begun > Self.patience.connect else { return }
    var fault: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(attempt.socket, SOL_SOCKET, SO_ERROR, &fault, &length)
    let isOpen = isOver && fault == 0
    write("try \(place) \(attempt.begun) \(now) \(isOpen ? 1 : 0)")
    ends[place].attempt = nil
    if isOpen, ends[place].session == nil {
      ends[place].session = Session(socket: attempt.socket, number: ends[place].sessions, heard: now)
      ends[place].sessions += 1
    } else {
      close(attempt.socket)
    }
  }

  private mutating func speak(_ place: Int, _ ready: Set<Int32>) {
    guard var session = ends[place].session else { return }
    let now = Self.now()
    var isLost = session.isWaiting && now - session.said > Self.patience.answer
    if ready.contains(session.socket) {
      var byte: UInt8 = 0
      let count = recv(session.socket, &byte, 1, 0)
      if count == 1 {
        session.isWaiting = false
        session.heard = now
        write("heard \(place) \(session.number) \(session.said) \(now)")
      } else if count == 0 || errno != EAGAIN {
        isLost = true
      }
    }
    if isLost {
      write("lost \(place) \(session.number) \(session.heard) \(now)")
      close(session.socket)
      ends[place].session = nil
      return
    }
    if !session.isWaiting, now - session.said > Self.silence {
      if Glibc.send(session.socket, [UInt8(ascii: "x")], 1, Int32(MSG_NOSIGNAL)) == 1 {
        session.said = now
        session.isWaiting = true
      }
    }
    ends[place].session = session
  }

  private func write(_ line: String) { fputs(line + "\n", file) }

  static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
  }
}
