internal import Machine
internal import SystemPackage

/// What the runtime directory remembers of a lab: who keeps it and what it consists of.
struct LabState: Hashable {
  let keeper: ProcessIdentity
  /// Whether it is in a user namespace of its own, because it was started without root.
  let hasUserNamespace: Bool
  let plan: LabPlan

  private static let format = "sekisho-lab 1"

  var text: String {
    """
    \(Self.format)
    keeper \(keeper.number) \(keeper.start) \(keeper.boot) \(hasUserNamespace ? "user" : "root")

    """ + plan.text
  }

  /// Reads what ``text`` wrote; `nil` for anything else.
  init?(parsing text: String) {
    let lines = text.split(separator: "\n")
    guard lines.count > 2, lines[0] == Self.format else { return nil }
    let words = lines[1].split(separator: " ")
    guard words.count == 5, words[0] == "keeper", let number = Int32(words[1]), let start = UInt64(words[2]),
      let plan = LabPlan(parsing: lines[2...])
    else { return nil }
    keeper = ProcessIdentity(number: number, start: start, boot: String(words[3]))
    hasUserNamespace = words[4] == "user"
    self.plan = plan
  }

  init(keeper: ProcessIdentity, hasUserNamespace: Bool, plan: LabPlan) {
    self.keeper = keeper
    self.hasUserNamespace = hasUserNamespace
    self.plan = plan
  }
}

extension LabState {
  /// The lab that is up; `nil`: none, or the file is left over from one that is gone.
  static func current(in directory: RuntimeDirectory) -> LabState? {
    guard let text = Files.text(directory.file("lab")), let state = LabState(parsing: text),
      state.keeper.isAlive
    else { return nil }
    return state
  }

  func save(in directory: RuntimeDirectory) throws(LabError) {
    do throws(SystemFailure) { try Files.replace(directory.file("lab"), with: Array(text.utf8)) } catch {
      throw LabError(error)
    }
  }

  static func remove(in directory: RuntimeDirectory) { Files.remove(directory.file("lab")) }
}

extension RuntimeDirectory {
  /// Does something while no other process of this user starts or ends a lab.
  func whileLocked<Value>(_ body: () throws(LabError) -> Value) throws(LabError) -> Value {
    let lock: FileLock
    do throws(SystemFailure) {
      lock = try FileLock(file("lab.lock"))
    } catch {
      guard error.errno == .wouldBlock else {
        throw LabError(.runtimeDirectory, error.message, object: error.object)
      }
      throw LabError(.busy, "another process is starting or ending a lab; try again when it is done")
    }
    // Held until here.
    let result = Result { () throws(LabError) in try body() }
    _ = consume lock
    return try result.get()
  }
}
