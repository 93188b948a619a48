import Glibc

/// Puts a backup in the place of a database.
public enum Restore {
    static func refuseUnfinished(in directory: String) throws(StoreError) {
        if access(directory + "/restoring", F_OK) == 0 { throw .restoreUnfinished(directory: directory) }
    }
}
