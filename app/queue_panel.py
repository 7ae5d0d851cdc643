"""The queue: what is being made, what waits, and what became of the rest."""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QLabel, QListView, QMenu, QToolButton, QVBoxLayout

from app import theme
from app.clips import Clips
from app.fields import Panel, name_tool, row, tool
from app.job_delegate import JobDelegate
from app.job_follower import JobFollower
from app.job_list import seed_text
from app.job_pictures import JobPictures
from app.journal import Job, JobStatus
from app.keys import Binding
from app.library import Whereabouts
from app.words import said
from inference.api.messages import Stage

Index = QModelIndex | QPersistentModelIndex

WIDTH, MIN_WIDTH = 280, 236


class Action(StrEnum):
    """What can be done to a job or, by the last two, to many; the value is the name of its icon."""

    PAUSE = "pause"
    RESUME = "play"
    FINISH = "finish"
    CANCEL = "close"
    RETRY = "retry"
    DUPLICATE = "copy"
    EDIT = "create"
    SHOW = "film"
    COMPARE = "compare"
    UP = "chevron-up"
    DOWN = "chevron-down"
    REMOVE = "trash"
    CANCEL_WAITING = "cancel-all"
    CLEAR = "clear"


_KEYS = {
    Action.PAUSE: "P",
    Action.RESUME: "P",
    Action.FINISH: "N",
    Action.CANCEL: "X",  # not Esc, which dismisses messages
    Action.RETRY: "R",
    Action.DUPLICATE: "Ctrl+D",
    Action.EDIT: "F2",
    Action.SHOW: "Enter",
    Action.COMPARE: "C",
    Action.UP: "Alt+Up",
    Action.DOWN: "Alt+Down",
    Action.REMOVE: "Del",
    Action.CANCEL_WAITING: "Shift+X",
    Action.CLEAR: "Shift+Del",
}
_OF_JOB = (Action.PAUSE, Action.RESUME, Action.FINISH, Action.CANCEL, Action.RETRY, Action.REMOVE)
_OF_LIST = (Action.CANCEL_WAITING, Action.CLEAR)


def actions_for(job: Job, *, has_clip: bool = True) -> tuple[Action, ...]:
    """What can be done to a job as it stands; `has_clip` says whether the clip of one is there."""
    match job.status:
        case JobStatus.WAITING:
            order = (Action.UP, Action.DOWN)
            return (Action.EDIT, Action.PAUSE, *order, Action.DUPLICATE, Action.CANCEL)
        case JobStatus.RUNNING:
            return (Action.SHOW, Action.PAUSE, Action.FINISH, Action.DUPLICATE, Action.CANCEL)
        case JobStatus.FINISHING | JobStatus.STOPPING:
            return (Action.SHOW, Action.DUPLICATE, Action.CANCEL)
        case JobStatus.PAUSED | JobStatus.INTERRUPTED:
            return (Action.RESUME, Action.DUPLICATE, Action.CANCEL)
        case JobStatus.DONE:
            watch = (Action.SHOW, Action.COMPARE) if has_clip else ()
            return (*watch, Action.DUPLICATE, Action.REMOVE)
        case JobStatus.FAILED | JobStatus.CANCELLED:
            return (Action.RETRY, Action.DUPLICATE, Action.REMOVE)


def actions_for_all(jobs: Iterable[Job]) -> tuple[Action, ...]:
    """What can be done to many jobs at once."""
    all_ = tuple(jobs)
    waiting = any(job.status is JobStatus.WAITING for job in all_)
    settled = any(job.is_settled for job in all_)
    return tuple(a for a, can in zip(_OF_LIST, (waiting, settled), strict=True) if can)


class QueuePanel(Panel):
    """Shows the jobs of a model whose `Qt.ItemDataRole.UserRole` is the `Job`.

    `act_wanted` gives the `Action` and the job's id. Rows that are dragged the model moves itself.
    """

    act_wanted = Signal(object, str)

    def __init__(self, jobs: QAbstractItemModel, clips: Clips) -> None:
        super().__init__()
        self._jobs = jobs
        self.pictures = JobPictures(clips, self)
        self.list = QListView()
        self._follower = JobFollower(self.list, jobs)
        self.empty = QLabel()
        self.buttons: dict[Action, QToolButton] = {
            action: tool(action.value) for action in (*_OF_JOB, *_OF_LIST)
        }
        self._delegate = JobDelegate(self.list, self.status_text, self.aside_text, self.pictures)
        self._lay_out()
        self._connect()
        self.retranslate()
        self._refresh()

    @property
    def job(self) -> Job | None:
        """The job that is selected."""
        return self._job_of(self.list.currentIndex())

    def act(self, action: Action) -> None:
        """Asks for this to be done to the selected job, or to all that it is for, if it can be."""
        job = self.job
        if job is not None:
            self._act_on(job.id, action)

    def bindings(self) -> list[Binding]:
        """What keys do to the selected job, where that can be done."""
        return [Binding((_KEYS[act],), self._name(act), self._actor(act)) for act in Action]

    def status_text(self, job: Job) -> str:
        """Where a job stands, in words."""
        match job.status:
            case JobStatus.WAITING:
                return self.tr("Waiting")
            case JobStatus.RUNNING:
                return self._running_text(job)
            case JobStatus.FINISHING:
                return self.tr("Finishing early…")
            case JobStatus.STOPPING:
                return self.tr("Stopping…")
            case JobStatus.PAUSED:
                return self.tr("Paused at step {0}").format(job.kept_steps)
            case JobStatus.INTERRUPTED:
                return self.tr("Interrupted at step {0}").format(job.kept_steps)
            case JobStatus.DONE:
                return self._done_text(job)
            case JobStatus.FAILED:
                return said(job.message)
            case JobStatus.CANCELLED:
                return self.tr("Cancelled")

    def _done_text(self, job: Job) -> str:
        match self.pictures.whereabouts(job):
            case Whereabouts.THERE:
                return self.tr("Done")
            case Whereabouts.TRASHED:
                return self.tr("In the trash")
            case Whereabouts.GONE:
                return self.tr("The file is missing")

    def _running_text(self, job: Job) -> str:
        match job.stage:
            case Stage.TEXT:
                text = self.tr("Reading the prompt")
            case Stage.CONDITION:
                text = self.tr("Reading the pictures")
            case Stage.QUANTIZE:
                text = self.tr("Quantising the model, this once")
            case Stage.LOAD:
                text = self.tr("Loading the model")
            case Stage.DENOISE:
                text = self.tr("Step {0}/{1}").format(job.step, job.steps)
            case Stage.DECODE:
                text = self.tr("Painting the frames")
            case None:
                text = self.tr("Starting")
        return text

    def aside_text(self, job: Job) -> str:
        """How long a running job goes on, if that is known; the seed of one that waits, or whose clip is
        there."""
        is_there = self.pictures.whereabouts(job) is Whereabouts.THERE
        if job.status is JobStatus.WAITING or (job.status is JobStatus.DONE and is_there):
            return seed_text(job)
        if job.status is not JobStatus.RUNNING or job.seconds_left is None:
            return ""
        whole = max(1, round(job.seconds_left))
        if whole < 60:
            return self.tr("{0} s left").format(whole)
        return self.tr("{0} left", "minutes and seconds").format(f"{whole // 60}:{whole % 60:02d}")

    def sizeHint(self) -> QSize:  # noqa: N802, Qt's name
        return QSize(WIDTH, super().sizeHint().height())

    def _lay_out(self) -> None:
        self.setMinimumWidth(MIN_WIDTH)
        self.list.setModel(self._jobs)
        self.list.setItemDelegate(self._delegate)
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.setMouseTracking(True)
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        theme.set_kind(self.empty, "hint")
        bar = row(*(self.buttons[action] for action in _OF_JOB))
        bar.setSpacing(theme.TIGHT)
        bar.addStretch(1)
        for action in _OF_LIST:
            bar.addWidget(self.buttons[action])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GAP, 0, theme.GAP, theme.GAP)
        layout.setSpacing(theme.TIGHT)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.empty, 1)
        layout.addLayout(bar)

    def _connect(self) -> None:
        for action, button in self.buttons.items():
            button.clicked.connect(self._actor(action))
        jobs = self._jobs
        for signal in (jobs.rowsInserted, jobs.rowsRemoved, jobs.rowsMoved, jobs.dataChanged):
            signal.connect(self._refresh)
        jobs.modelReset.connect(self._refresh)
        jobs.rowsInserted.connect(self._on_rows_inserted)
        self.list.selectionModel().currentChanged.connect(self._refresh)
        self.list.customContextMenuRequested.connect(self._open_menu)
        self.list.installEventFilter(self)
        self.list.doubleClicked.connect(self._on_activated)
        self.pictures.changed.connect(self.list.viewport().update)

    def _actor(self, action: Action, job: Job | None = None) -> Callable[[], None]:
        """For what is selected then, or for that job."""
        return lambda: self.act(action) if job is None else self._act_on(job.id, action)

    def _act_on(self, id_: str, action: Action) -> None:
        job = next((job for job in self._all() if job.id == id_), None)
        if job is not None and action in self._possible(job):
            self.act_wanted.emit(action, id_)

    def _refresh(self) -> None:
        self._follower.follow()
        has_jobs = self._jobs.rowCount() > 0
        self.list.setVisible(has_jobs)
        self.empty.setVisible(not has_jobs)
        if has_jobs and not self.list.currentIndex().isValid():
            self._follower.lead_to(self._first_unfinished())
            QTimer.singleShot(0, self.list, self._scroll_to_current)  # when it has its size
            return  # it comes back here
        possible = self._possible(self.job)
        if any(b.hasFocus() and action not in possible for action, b in self.buttons.items()):
            self.list.setFocus()  # not wherever Qt would put it
        for action, button in self.buttons.items():
            button.setEnabled(action in possible)
            button.setVisible(has_jobs)
        paused = Action.RESUME in possible
        self.buttons[Action.RESUME].setVisible(has_jobs and paused)
        self.buttons[Action.PAUSE].setVisible(has_jobs and not paused)

    def _possible(self, job: Job | None) -> tuple[Action, ...]:
        if job is None:
            return ()
        has_clip = self.pictures.whereabouts(job) is Whereabouts.THERE
        return (*actions_for(job, has_clip=has_clip), *actions_for_all(self._all()))

    def _all(self) -> Iterator[Job]:
        rows = (self._jobs.index(row, 0) for row in range(self._jobs.rowCount()))
        return (job for job in map(self._job_of, rows) if job is not None)

    def _first_unfinished(self) -> QModelIndex:
        row = next((row for row, job in enumerate(self._all()) if not job.is_over), 0)
        return self._jobs.index(row, 0)

    def _scroll_to_current(self) -> None:
        at_top = QAbstractItemView.ScrollHint.PositionAtTop
        self.list.scrollTo(self.list.currentIndex(), at_top)

    def _on_rows_inserted(self, _parent: QModelIndex, first: int, last: int) -> None:
        for number in (last, first):  # as many as there is room for
            self.list.scrollTo(self._jobs.index(number, 0))

    def _job_of(self, index: Index) -> Job | None:
        data = index.data(Qt.ItemDataRole.UserRole)
        return data if isinstance(data, Job) else None

    def _on_activated(self) -> None:
        """The first that can be done, unless the clip is gone that would be shown."""
        job = self.job
        if job is not None:
            self.act(actions_for(job)[0])

    def menu(self) -> QMenu:
        """The context menu of the selected job, and of that one whatever is selected meanwhile."""
        made = QMenu(self)
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action in self._possible(self.job):
            if action in _OF_LIST and made.actions()[-1].data() not in _OF_LIST:
                made.addSeparator()  # before the first of them
            entry = made.addAction(theme.icon(action.value), self._name(action))
            entry.setData(action)
            entry.setShortcut(QKeySequence(_KEYS[action]))
            entry.triggered.connect(self._actor(action, self.job))
        return made

    def _open_menu(self, place: QPoint) -> None:
        if self.list.indexAt(place).isValid():
            self.menu().popup(self.list.viewport().mapToGlobal(place))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802, Qt's name
        """Keys go to the actions before the list searches for what they spell."""
        if watched is self.list and isinstance(event, QKeyEvent):
            return event.type() is QEvent.Type.KeyPress and self._take_key(event)
        return super().eventFilter(watched, event)

    def _take_key(self, event: QKeyEvent) -> bool:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._on_activated()
            return True
        pressed = QKeySequence(event.keyCombination())
        action = next(
            (a for a in self._possible(self.job) if pressed == QKeySequence(_KEYS[a])), None
        )
        if action is not None:
            self.act(action)
        return action is not None

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        super().changeEvent(event)
        if event.type() is QEvent.Type.LanguageChange:
            self.list.viewport().update()

    def _name(self, action: Action) -> str:
        names = {
            Action.PAUSE: self.tr("Pause"),
            Action.RESUME: self.tr("Go on"),
            Action.FINISH: self.tr("Finish now"),
            Action.CANCEL: self.tr("Cancel"),
            Action.RETRY: self.tr("Try again"),
            Action.DUPLICATE: self.tr("Again with a new seed"),
            Action.EDIT: self.tr("Take back to edit"),
            Action.SHOW: self.tr("Show"),
            Action.COMPARE: self.tr("Compare with the one shown"),
            Action.UP: self.tr("Move up"),
            Action.DOWN: self.tr("Move down"),
            Action.REMOVE: self.tr("Remove from the list"),
            Action.CANCEL_WAITING: self.tr("Cancel all that wait"),
            Action.CLEAR: self.tr("Clear what is done or cancelled"),
        }
        return names[action]

    def retranslate(self) -> None:
        self.list.setAccessibleName(self.tr("Queue"))
        self.empty.setText(self.tr("Nothing is waiting. Clips you ask for line up here."))
        for action, button in self.buttons.items():
            name_tool(button, self._name(action), _KEYS[action])
