import Addressing
import Attempts
import ConntrackNetlink
import Glibc
import Lab
import LabFixtures
import Listening
import Machine
import Probing
import Sessions

// What tests run where they cannot be themselves: as a lab's keeper, as another user, inside a namespace.

do {
  let arguments = Array(CommandLine.arguments.dropFirst())
  let directory = { try RuntimeDirectory() }
  switch arguments.first {
  case "keep":
    Lab.keep()
  case "up":
    let policy = arguments.count > 1 ? try Fleet.large(Int(arguments[1]) ?? 1) : try Fleet.withGateway()
    let lab = try Lab.up(policy, in: directory(), keeper: [Lab.ownExecutable(), "keep"])
    print("keeper \(lab.keeper)")
  case "status":
    guard let lab = Lab.current(in: try directory()) else {
      print("no lab")
      break
    }
    for node in lab.plan.nodes {
      print("\(node.name) \(node.kind) \(node.addresses.map(\.description).joined(separator: " "))")
    }
  case "exec":
    guard let lab = Lab.current(in: try directory()) else { exit(1) }
    try lab.exec(arguments[1], Array(arguments[2...]))
  case "down":
    try Lab.current(in: directory())?.down()
  case "probe":
    var attempts: [Attempt] = []
    while let line = readLine() {
      guard let attempt = Attempt(parsing: line) else {
        print("not an attempt: \(line)")
        exit(64)
      }
      attempts.append(attempt)
    }
    // How many descriptors there may be; the program is loaded by now, which takes some.
    if arguments.count > 2, let count = UInt(arguments[2]) {
      var limit = rlimit(rlim_cur: count, rlim_max: count)
      setrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit)
    }
    // How long a silence lasts before it counts, in milliseconds.
    let patience = arguments.count > 1 ? Int(arguments[1]) : nil
    let prober = patience.map { Prober(timeout: .milliseconds($0), concurrency: 1000) } ?? Prober()
    for outcome in prober.run(attempts) { print(outcome) }
  case "inject":
    inject()
  case "pour":
    guard arguments.count > 3, let pause = UInt32(arguments[1]) else { exit(64) }
    pour(
      try arguments[2].split(separator: ",").map { try Address(parsing: $0) },
      arguments.dropFirst(3).compactMap { UInt16($0) }, pause: pause)
  case "mesh":
    guard arguments.count > 3, let pause = Int(arguments[3]) else { exit(64) }
    let ends = arguments[4...].compactMap { word -> (Address, UInt16)? in
      let parts = word.split(separator: "/")
      guard let address = try? Address(parsing: String(parts[0])), let port = UInt16(parts[1]) else {
        exit(64)
      }
      return (address, port)
    }
    var mesh = Mesh(
      ends, answering: arguments[2].split(separator: ",").compactMap { UInt16($0) }, pause: pause,
      file: arguments[1])
    mesh.run()
  case "track":
    guard arguments.count > 4, let port = UInt16(arguments[3]), let count = UInt16(arguments[4]) else {
      exit(64)
    }
    let (client, server) = (try Address(parsing: arguments[1]), try Address(parsing: arguments[2]))
    let sessions = (0..<count).map {
      Session(client: SessionEnd(client, 10_000 + $0), server: SessionEnd(server, port))
    }
    print("tracked \(try ConntrackConnection().enter(sessions))")
  case "quiet-client", "quiet-server":
    guard arguments.count > 2, let port = UInt16(arguments[2]) else { exit(64) }
    let address = try Address(parsing: arguments[1])
    let isClient = arguments[0] == "quiet-client"
    beQuiet(
      isClient ? connected(address, port) : accepted(address.family, port),
      untilThereIs: arguments.count > 3 ? arguments[3] : nil)
  case "below-client", "below-server":
    guard arguments.count > 3, let port = UInt16(arguments[2]) else { exit(64) }
    let address = try Address(parsing: arguments[1])
    // How many clients a server waits for.
    let count = arguments.count > 4 ? Int(arguments[4]) ?? 1 : 1
    run(
      arguments[3],
      below: arguments[0] == "below-client"
        ? connected(address, port) : accepted(address.family, port, behind: count - 1))
  case "talk":
    guard arguments.count == 4, let port = UInt16(arguments[2]), let moment = Int(arguments[3]) else {
      exit(64)
    }
    talk(try Address(parsing: arguments[1]), port, over: moment)
  case "listen":
    var request = ListenRequest()
    for argument in arguments.dropFirst() {
      let words = argument.split(separator: "=")
      let values = words[1].split(separator: ",")
      switch words[0] {
      case "tcp": request.tcp = values.compactMap { UInt16($0) }
      case "udp": request.udp = values.compactMap { UInt16($0) }
      case "raw":
        request.raw = values.compactMap { IPProtocol(name: $0) ?? UInt8($0).map { IPProtocol(rawValue: $0) } }
      default: request.multicast = try values.map { try Address(parsing: $0) }
      }
    }
    let listener = Listener(request)
    for unheard in listener.unheard { print("unheard \(unheard)") }
    print("listening")
    fflush(nil)
    listener.serve(until: 0)
    for arrival in listener.arrivals { print(arrival) }
  default:
    print(
      """
      keep, up, status, exec, down, probe, inject, pour, mesh, track, quiet-client, quiet-server, below-client, below-server, \
      talk, listen
      """)
    exit(64)
  }
} catch {
  print("\(error)")
  exit(1)
}
