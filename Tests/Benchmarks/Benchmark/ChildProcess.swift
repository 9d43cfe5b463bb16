import Foundation

/// What a finished program used.
struct Usage {
  let status: Int32
  let seconds: Double
  /// Seconds of all cores together.
  let processor: Double
  /// The most memory it had, in kilobytes.
  let peak: Int
}

/// Starts a program; its output goes where ours does unless it is given a file.
func start(_ command: [String], output: String? = nil, isQuiet: Bool = false) -> pid_t {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  if let output {
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
  }
  if isQuiet { posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) }
  var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
  defer { for argument in arguments { free(argument) } }
  var child: pid_t = 0
  guard posix_spawnp(&child, command[0], &actions, nil, &arguments, environ) == 0 else {
    fail("cannot start \(command[0])")
  }
  return child
}

/// Waits for a program that was started.
func wait(_ child: pid_t) -> Int32 {
  var status: Int32 = 0
  while waitpid(child, &status, 0) < 0, errno == EINTR {}
  return status
}

/// Runs a program to its end.
@discardableResult
func run(_ command: [String], output: String? = nil, isQuiet: Bool = false) -> Usage {
  let begin = now()
  let child = start(command, output: output, isQuiet: isQuiet)
  var status: Int32 = 0
  var usage = rusage()
  while wait4(child, &status, 0, &usage) < 0, errno == EINTR {}
  let elapsed = now() - begin
  let processor = [usage.ru_utime, usage.ru_stime].reduce(0) {
    $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6
  }
  return Usage(status: status, seconds: elapsed, processor: processor, peak: usage.ru_maxrss)
}

/// ``run(_:output:)`` of something that must succeed.
@discardableResult
func require(_ command: [String], output: String? = nil) -> Usage {
  let usage = run(command, output: output)
  if usage.status != 0 { fail("\(command.joined(separator: " ")): status \(usage.status)") }
  return usage
}

/// Waits for a moment in which other programs leave the cores alone, but not for long.
func waitForQuiet() {
  func idle() -> (idle: Int, all: Int) {
    let line = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8))?.split(separator: "\n").first
    let numbers = line?.split(separator: " ").compactMap { Int($0) } ?? []
    return (numbers.count > 3 ? numbers[3] : 0, numbers.reduce(0, +))
  }
  for _ in 0..<30 {
    let before = idle()
    usleep(100_000)
    let after = idle()
    if 10 * (after.idle - before.idle) >= 9 * (after.all - before.all) { return }
  }
}

/// Seconds of a clock that only goes forward.
func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Seconds of processor time that something takes in this process: other work on the machine is not in it.
func processorSeconds(_ body: () throws -> Void) rethrows -> Double {
  func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
  let start = now()
  try body()
  return now() - start
}

/// Seconds that something takes.
func seconds(_ body: () throws -> Void) rethrows -> Double {
  let start = now()
  try body()
  return now() - start
}

func write(_ line: String) {
  FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}

func fail(_ message: String) -> Never {
  FileHandle.standardError.write(Data("benchmark: \(message)\n".utf8))
  exit(1)
}
