import Foundation

// Measures every figure that Sekisho promises: benchmark SEKISHO DIRECTORY, or a part of them: benchmark rollout
// DIRECTORY, which writes the fleet that it needs where no other part has. Parts that need a network
// namespace of their own run in children of this program.
setenv("TZ", "UTC", 1)
let arguments = CommandLine.arguments
guard arguments.count == 3 else { fail("usage: benchmark SEKISHO|PART DIRECTORY") }
switch arguments[1] {
case "tuples":
  let tuples = try AllowedTuples(arguments[2])
  write("\(tuples.count) \(tuples.rulesets)")
case "kernel": try KernelFigures(place: arguments[2]).show()
case "ranges": try RangeFigures().show()
case "sessions": try SessionFigures(place: arguments[2]).show()
case "life": try LifeFigures(place: arguments[2]).show()
case "apply": try ApplyFigures(place: arguments[2]).show()
case "traffic": try TrafficFigures(program: arguments[0], place: arguments[2]).show()
case "send": TrafficSender.run(arguments[2])
case "questions": try ExplainFigures.ask(arguments[2])
case "records": try RecordFigures(sekisho: "\(arguments[2])/sekisho", place: arguments[2]).show()
case "spaces": try SpaceFigures(place: arguments[2]).show()
case "rollout": try RolloutFigures(place: arguments[2]).show()
case "reach": try ReachFigures(place: arguments[2]).show()
// A state directory says where it is from everywhere.
default: try all(sekisho: arguments[1], place: URL(fileURLWithPath: arguments[2]).path)
}

func all(sekisho: String, place: String) throws {
  let program = CommandLine.arguments[0]
  try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
  // Removed at the end: ext4 is slow to make files right after many were removed.
  defer { try? FileManager.default.removeItem(atPath: place) }
  showMachine()
  try BinaryFigures(sekisho: sekisho, place: place).show()
  try CompileFigures(sekisho: sekisho, program: program, place: place).show()
  try ChangeFigures(sekisho: sekisho, place: place).show()
  try ExplainFigures(sekisho: sekisho, program: program, place: place).show()
  try RecordFigures(sekisho: sekisho, place: place).show()
  try ReadFigures(sekisho: sekisho, place: place).show()
  require([program, "spaces", place])
  require([program, "reach", place])
  require([program, "rollout", place])
  inNamespace([program, "kernel", place])
  inNamespace([program, "ranges", place])
  inNamespace([program, "sessions", place])
  try FileManager.default.createSymbolicLink(
    atPath: "\(place)/sekisho", withDestinationPath: URL(fileURLWithPath: sekisho).path)
  inNamespace([program, "apply", place])
  inNamespace([program, "life", place])
  inNamespace([program, "traffic", place])
  showMachine()
}

/// How busy the machine is with other things: nothing here is worth much beside a load above its cores.
func showMachine() {
  let load = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8))?.split(separator: " ").first
  remark("\(sysconf(Int32(_SC_NPROCESSORS_ONLN))) cores, load \(load ?? "?")")
}

/// Runs a part in a network namespace of its own.
func inNamespace(_ command: [String]) {
  let isRoot = geteuid() == 0
  let usage = run(["unshare", isRoot ? "-n" : "-Urn"] + command)
  if usage.status != 0 {
    remark("not measured to its end\(isRoot ? "" : ": this needs root")")
  }
}
