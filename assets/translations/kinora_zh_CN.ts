<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>Advanced</name>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>as the device computes</source>
        <translation>与设备计算精度相同</translation>
    </message>
    <message>
        <source>int8, weights only</source>
        <translation>int8，仅权重</translation>
    </message>
    <message>
        <source>fp8, weights only</source>
        <translation>fp8，仅权重</translation>
    </message>
    <message>
        <source>in full precision</source>
        <translation>完整精度</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>步数</translation>
    </message>
    <message>
        <source>More steps, cleaner picture, longer wait</source>
        <translation>步数越多，画面越干净，等待越久</translation>
    </message>
    <message>
        <source>Guidance</source>
        <translation>引导强度</translation>
    </message>
    <message>
        <source>How strictly the prompt is followed; 1 is twice as fast</source>
        <translation>对提示词的遵循程度；设为 1 时速度加倍</translation>
    </message>
    <message>
        <source>Shift</source>
        <translation>噪声偏移</translation>
    </message>
    <message>
        <source>Higher spends more steps on layout and motion</source>
        <translation>数值越高，用于构图和运动的步数越多</translation>
    </message>
    <message>
        <source>Solver</source>
        <translation>求解器</translation>
    </message>
    <message>
        <source>How the steps are computed</source>
        <translation>每一步的计算方法</translation>
    </message>
    <message>
        <source>Frames per second</source>
        <translation>帧率</translation>
    </message>
    <message>
        <source>How fast the clip plays</source>
        <translation>视频播放的快慢</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>精度</translation>
    </message>
    <message>
        <source>Automatic takes what makes the clip soonest; fewer bits take less of the card, and the first clip takes longer to begin</source>
        <translation>“自动”会选用最快生成视频的格式；位数越少，占用的显存越少，但首个视频开始得更慢</translation>
    </message>
    <message>
        <source>Attention</source>
        <translation>注意力</translation>
    </message>
    <message>
        <source>Automatic takes 8 bits where a card is faster so; hardly a difference</source>
        <translation>“自动”会在显卡以 8 位更快时使用 8 位；几乎没有差别</translation>
    </message>
</context>
<context>
    <name>Canvas</name>
    <message>
        <source>Zoom in</source>
        <translation>放大</translation>
    </message>
    <message>
        <source>Zoom out</source>
        <translation>缩小</translation>
    </message>
    <message>
        <source>Fit the picture</source>
        <translation>适应窗口</translation>
    </message>
    <message>
        <source>Show it at its own size</source>
        <translation>按原始大小显示</translation>
    </message>
    <message>
        <source>Divider of two clips to the left</source>
        <translation>比较分界线左移</translation>
    </message>
    <message>
        <source>Divider of two clips to the right</source>
        <translation>比较分界线右移</translation>
    </message>
    <message>
        <source>Two clips, or one again</source>
        <translation>两个视频，或恢复为一个</translation>
    </message>
    <message>
        <source>Save this frame</source>
        <translation>保存此帧</translation>
    </message>
    <message>
        <source>Begin the next clip with this frame</source>
        <translation>将这一帧用作下一段视频的首帧</translation>
    </message>
    <message>
        <source>End the next clip with this frame</source>
        <translation>将这一帧用作下一段视频的尾帧</translation>
    </message>
    <message>
        <source>Change a part of this clip</source>
        <translation>修改此视频的一部分</translation>
    </message>
    <message>
        <source>Go on with this clip</source>
        <translation>接着这段视频往下做</translation>
    </message>
    <message>
        <source>Export the range</source>
        <translation>导出选段</translation>
    </message>
    <message>
        <source>Leave the full screen</source>
        <translation>退出全屏</translation>
    </message>
    <message>
        <source>Your clip appears here</source>
        <translation>视频会显示在这里</translation>
    </message>
    <message>
        <source>Describe it at the left and press Ctrl+Enter, or drop a clip, or a picture to begin with.</source>
        <translation>在左侧描述画面后按 Ctrl+Enter；也可以拖入一段视频，或拖入一张图片作为首帧。</translation>
    </message>
    <message>
        <source>Drop to open a clip, or to begin with a picture</source>
        <translation>松开即可打开视频，或以图片作为首帧</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>画面</translation>
    </message>
    <message>
        <source>Frame {frame} of {count}, {name}</source>
        <translation>第 {frame} 帧，共 {count} 帧，{name}</translation>
    </message>
</context>
<context>
    <name>ClipFoot</name>
    <message>
        <source>{0} clips are selected</source>
        <translation>已选择 {0} 个视频</translation>
    </message>
    <message>
        <source>Watch</source>
        <translation>观看</translation>
    </message>
    <message>
        <source>Use these settings</source>
        <translation>使用这些设置</translation>
    </message>
    <message>
        <source>Compare two, or with the one shown</source>
        <translation>比较两个视频，或与正在显示的视频比较</translation>
    </message>
    <message>
        <source>No longer a favourite</source>
        <translation>取消收藏</translation>
    </message>
    <message>
        <source>Make it a favourite</source>
        <translation>加入收藏</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Bring back</source>
        <translation>还原</translation>
    </message>
    <message>
        <source>seed {0}</source>
        <translation>种子 {0}</translation>
    </message>
    <message>
        <source>{0} of {1} steps</source>
        <translation>{0} / {1} 步</translation>
    </message>
    <message>
        <source>{0} steps</source>
        <translation>{0} 步</translation>
    </message>
    <message>
        <source>the file {0} is missing</source>
        <translation>文件 {0} 缺失</translation>
    </message>
</context>
<context>
    <name>Clips</name>
    <message>
        <source>favourite</source>
        <translation>收藏</translation>
    </message>
    <message>
        <source>its file is missing</source>
        <translation>文件缺失</translation>
    </message>
    <message>
        <source>The library could not be read, so a new one was begun; the old is {0}.</source>
        <translation>无法读取作品库，已新建一个；旧的保存在 {0}。</translation>
    </message>
    <message>
        <source>{0} s</source>
        <comment>seconds</comment>
        <translation>{0} 秒</translation>
    </message>
</context>
<context>
    <name>Create</name>
    <message>
        <source>The prompt is empty: describe the video you want.</source>
        <translation>提示词为空：请描述您想要的视频。</translation>
    </message>
    <message>
        <source>Draft</source>
        <translation>草稿</translation>
    </message>
    <message>
        <source>Few steps, to try an idea</source>
        <translation>步数少，用来试想法</translation>
    </message>
    <message>
        <source>Good</source>
        <translation>良好</translation>
    </message>
    <message>
        <source>Most of the quality in two thirds of the time</source>
        <translation>用三分之二的时间得到大部分质量</translation>
    </message>
    <message>
        <source>Best</source>
        <translation>最佳</translation>
    </message>
    <message>
        <source>As many steps as the model&apos;s makers use</source>
        <translation>与模型作者使用的步数相同</translation>
    </message>
    <message>
        <source>Quality: {0}</source>
        <translation>质量：{0}</translation>
    </message>
    <message>
        <source>{0} to {1}</source>
        <translation>{0} 比 {1}</translation>
    </message>
    <message>
        <source>Generate</source>
        <translation>生成</translation>
    </message>
    <message numerus="yes">
        <source>Generate %n clip(s)</source>
        <translation>
            <numerusform>生成 %n 个视频</numerusform>
        </translation>
    </message>
    <message>
        <source>Swap width and height</source>
        <translation>交换宽和高</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>尺寸</translation>
    </message>
    <message>
        <source>Length</source>
        <translation>时长</translation>
    </message>
    <message>
        <source>Quality</source>
        <translation>质量</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>种子</translation>
    </message>
    <message>
        <source>Clips</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>frames</source>
        <translation>帧</translation>
    </message>
    <message>
        <source>s</source>
        <comment>seconds</comment>
        <translation>秒</translation>
    </message>
    <message>
        <source>Seconds</source>
        <translation>秒数</translation>
    </message>
    <message>
        <source>How many clips to make, each with a seed of its own</source>
        <translation>生成多少个视频，每个使用各自的种子</translation>
    </message>
    <message>
        <source>What it should not look like</source>
        <translation>不想要的样子</translation>
    </message>
    <message>
        <source>More settings</source>
        <translation>更多设置</translation>
    </message>
    <message>
        <source>Negative prompt</source>
        <translation>负面提示词</translation>
    </message>
    <message>
        <source>What the picture should be steered away from.</source>
        <translation>希望画面避开的内容。</translation>
    </message>
    <message>
        <source>Width in pixels</source>
        <translation>宽度（像素）</translation>
    </message>
    <message>
        <source>Height in pixels</source>
        <translation>高度（像素）</translation>
    </message>
    <message>
        <source>Forecast</source>
        <translation>预估</translation>
    </message>
</context>
<context>
    <name>Diagnosis</name>
    <message>
        <source>Good</source>
        <translation>良好</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>警告</translation>
    </message>
    <message>
        <source>Problem</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>{name}, compute capability {capability}</source>
        <translation>{name}，计算能力 {capability}</translation>
    </message>
    <message>
        <source>The engine has no code for a card this old: it needs compute capability {needed} or more.</source>
        <translation>引擎不支持这么旧的显卡：需要计算能力 {needed} 或更高。</translation>
    </message>
    <message>
        <source>The card is newer than the engine, which has no code for it.</source>
        <translation>显卡比引擎更新，引擎还不支持它。</translation>
    </message>
    <message>
        <source>Use a newer NVIDIA card. Until then Kinora computes on the processor, slowly.</source>
        <translation>请使用更新的 NVIDIA 显卡。在此之前，Kinora 会在处理器上计算，速度较慢。</translation>
    </message>
    <message>
        <source>Install the latest Kinora. Until then it computes on the processor, slowly.</source>
        <translation>请安装最新版 Kinora。在此之前，它会在处理器上计算，速度较慢。</translation>
    </message>
    <message>
        <source>Graphics card</source>
        <translation>显卡</translation>
    </message>
    <message>
        <source>No NVIDIA card: the processor computes</source>
        <translation>没有 NVIDIA 显卡：由处理器计算</translation>
    </message>
    <message>
        <source>Nothing is broken: everything works without a card, only many times slower.</source>
        <translation>没有故障：没有显卡也都能用，只是慢很多倍。</translation>
    </message>
    <message>
        <source>Make small and short clips, or use the demo model. An NVIDIA card with 8 GB or more makes large ones practical.</source>
        <translation>请制作小而短的视频，或使用演示模型。有 8 GB 以上显存的 NVIDIA 显卡才适合制作大视频。</translation>
    </message>
    <message>
        <source>An NVIDIA card, not used (PyTorch {torch})</source>
        <translation>有 NVIDIA 显卡，但未使用（PyTorch {torch}）</translation>
    </message>
    <message>
        <source>The PyTorch that is installed was built without CUDA, so the processor computes.</source>
        <translation>已安装的 PyTorch 不带 CUDA，因此由处理器计算。</translation>
    </message>
    <message>
        <source>Install Kinora again, now that the card and its driver are there.</source>
        <translation>显卡和驱动已就绪，请重新安装 Kinora。</translation>
    </message>
    <message>
        <source>Driver</source>
        <translation>驱动</translation>
    </message>
    <message>
        <source>NVIDIA {driver}; the engine uses CUDA {cuda}</source>
        <translation>NVIDIA {driver}；引擎使用 CUDA {cuda}</translation>
    </message>
    <message>
        <source>None for the NVIDIA card</source>
        <translation>NVIDIA 显卡没有驱动</translation>
    </message>
    <message>
        <source>There is an NVIDIA card, and no driver of NVIDIA&apos;s that runs it.</source>
        <translation>有 NVIDIA 显卡，但没有可用的 NVIDIA 驱动。</translation>
    </message>
    <message>
        <source>Install NVIDIA&apos;s driver (on Windows from nvidia.com/drivers, on Linux the package of your distribution), then restart the PC.</source>
        <translation>请安装 NVIDIA 驱动（Windows 从 nvidia.com/drivers，Linux 用发行版的软件包），然后重启电脑。</translation>
    </message>
    <message>
        <source>NVIDIA {driver}</source>
        <translation>NVIDIA {driver}</translation>
    </message>
    <message>
        <source>NVIDIA {driver}, which offers CUDA {offered}</source>
        <translation>NVIDIA {driver}，提供 CUDA {offered}</translation>
    </message>
    <message>
        <source>The driver is too old: the engine is made for CUDA {cuda}.</source>
        <translation>驱动太旧：引擎需要 CUDA {cuda}。</translation>
    </message>
    <message>
        <source>Update NVIDIA&apos;s driver, then restart the PC.</source>
        <translation>请更新 NVIDIA 驱动，然后重启电脑。</translation>
    </message>
    <message>
        <source>The driver is recent enough and yet offers no card: often it was updated and the PC not restarted since.</source>
        <translation>驱动够新却找不到显卡：多半是更新驱动后还没有重启电脑。</translation>
    </message>
    <message>
        <source>Restart the PC. If that doesn&apos;t help, remove the variable CUDA_VISIBLE_DEVICES if it is set, then install the driver again.</source>
        <translation>请重启电脑。如果无效，请删除变量 CUDA_VISIBLE_DEVICES（如已设置），然后重新安装驱动。</translation>
    </message>
    <message>
        <source>Video memory</source>
        <translation>显存</translation>
    </message>
    <message>
        <source>RAM</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Not known: the card can&apos;t be asked</source>
        <translation>未知：无法查询显卡</translation>
    </message>
    <message>
        <source>{reason}. Often other programs hold all of its memory.</source>
        <translation>{reason}。多半是其他程序占满了显存。</translation>
    </message>
    <message>
        <source>Close other programs that use the card, or restart the PC.</source>
        <translation>请关闭使用显卡的其他程序，或重启电脑。</translation>
    </message>
    <message>
        <source>Not known: this system doesn&apos;t tell</source>
        <translation>未知：系统没有提供</translation>
    </message>
    <message>
        <source>{free} of {total} free</source>
        <translation>可用 {free} / {total}</translation>
    </message>
    <message>
        <source>The card is small: {wanted} free are comfortable for the 1.3B models.</source>
        <translation>显存较小：1.3B 模型最好有 {wanted} 可用。</translation>
    </message>
    <message>
        <source>The PC has little RAM: {wanted} free are comfortable.</source>
        <translation>内存较少：最好有 {wanted} 可用。</translation>
    </message>
    <message>
        <source>Choose weights in 8 or 4 bits and a smaller picture: the forecast says what fits.</source>
        <translation>请选用 8 位或 4 位权重和较小的画面：预估会说明什么能运行。</translation>
    </message>
    <message>
        <source>Other programs hold {held} of it; {wanted} free are comfortable for the 1.3B models.</source>
        <translation>其他程序占用了 {held}；1.3B 模型最好有 {wanted} 可用。</translation>
    </message>
    <message>
        <source>Close games, browsers and others that use the card, then check again.</source>
        <translation>请关闭使用显卡的游戏、浏览器等程序，然后重新检查。</translation>
    </message>
    <message>
        <source>Running programs hold {held} of it; {wanted} free are comfortable.</source>
        <translation>运行中的程序占用了 {held}；最好有 {wanted} 可用。</translation>
    </message>
    <message>
        <source>Close programs that you don&apos;t need, then check again.</source>
        <translation>请关闭不需要的程序，然后重新检查。</translation>
    </message>
    <message>
        <source>Windows&apos; fallback</source>
        <translation>Windows 回退</translation>
    </message>
    <message>
        <source>When video memory runs out, Windows may move it to RAM, many times slower</source>
        <translation>显存用尽时，Windows 可能改用内存，慢很多倍</translation>
    </message>
    <message>
        <source>If clips suddenly take far longer: in the NVIDIA Control Panel, under Manage 3D settings, set CUDA - Sysmem Fallback Policy to Prefer No Sysmem Fallback.</source>
        <translation>如果视频突然慢很多：请在 NVIDIA 控制面板的“管理 3D 设置”中，把“CUDA - 系统内存回退策略”设为“偏好无系统内存回退”。</translation>
    </message>
    <message>
        <source>None was found</source>
        <translation>没有找到</translation>
    </message>
    <message>
        <source>Without ffmpeg no clip can be written or opened.</source>
        <translation>没有 ffmpeg 就无法写入或打开视频。</translation>
    </message>
    <message>
        <source>Install Kinora again, or set the variable IMAGEIO_FFMPEG_EXE to the path of an ffmpeg.</source>
        <translation>请重新安装 Kinora，或把变量 IMAGEIO_FFMPEG_EXE 设为 ffmpeg 的路径。</translation>
    </message>
    <message>
        <source>Version {version}</source>
        <translation>版本 {version}</translation>
    </message>
    <message>
        <source>It doesn&apos;t run, so no clip can be written: {reason}</source>
        <translation>无法运行，因此不能写入视频：{reason}</translation>
    </message>
    <message>
        <source>Remove the variable IMAGEIO_FFMPEG_EXE if it is set; otherwise install Kinora again.</source>
        <translation>如果设置了变量 IMAGEIO_FFMPEG_EXE，请删除它；否则请重新安装 Kinora。</translation>
    </message>
    <message>
        <source>Folder for clips</source>
        <translation>视频文件夹</translation>
    </message>
    <message>
        <source>Disk for clips</source>
        <translation>视频所在磁盘</translation>
    </message>
    <message>
        <source>Clips need room: {wanted} should be free.</source>
        <translation>视频需要空间：应有 {wanted} 可用。</translation>
    </message>
    <message>
        <source>Or choose another folder for clips in the settings.</source>
        <translation>或在设置中为视频另选文件夹。</translation>
    </message>
    <message>
        <source>Folder for models</source>
        <translation>模型文件夹</translation>
    </message>
    <message>
        <source>Disk for models</source>
        <translation>模型所在磁盘</translation>
    </message>
    <message>
        <source>The smallest official model takes about {wanted}; those that are there go on working.</source>
        <translation>最小的官方模型约需 {wanted}；已有的模型可以继续使用。</translation>
    </message>
    <message>
        <source>Or set the variable KINORA_MODELS to a folder on another disk.</source>
        <translation>或把变量 KINORA_MODELS 设为另一块磁盘上的文件夹。</translation>
    </message>
    <message>
        <source>Folder for data</source>
        <translation>数据文件夹</translation>
    </message>
    <message>
        <source>Disk for data</source>
        <translation>数据所在磁盘</translation>
    </message>
    <message>
        <source>Unfinished clips and smaller copies of models are kept there: {wanted} should be free.</source>
        <translation>未完成的视频和量化后的模型副本保存在那里：应有 {wanted} 可用。</translation>
    </message>
    <message>
        <source>{free} free</source>
        <translation>可用 {free}</translation>
    </message>
    <message>
        <source>Delete or move what you don&apos;t need there.</source>
        <translation>请删除或移走那里不需要的内容。</translation>
    </message>
    <message>
        <source>{path} can be written to</source>
        <translation>可以写入 {path}</translation>
    </message>
    <message>
        <source>{path} can&apos;t be written to</source>
        <translation>无法写入 {path}</translation>
    </message>
    <message>
        <source>Kinora may not write there.</source>
        <translation>Kinora 没有那里的写入权限。</translation>
    </message>
    <message>
        <source>Give your user the right to write; on Windows also let Kinora through Controlled folder access.</source>
        <translation>请给您的用户写入权限；在 Windows 上还要让 Kinora 通过“受控文件夹访问”。</translation>
    </message>
    <message>
        <source>The disk is read-only.</source>
        <translation>磁盘是只读的。</translation>
    </message>
    <message>
        <source>Make it writable, if it is a card by its switch.</source>
        <translation>请设为可写；如果是存储卡，请拨动它的写保护开关。</translation>
    </message>
    <message>
        <source>The disk is full.</source>
        <translation>磁盘已满。</translation>
    </message>
    <message>
        <source>The drive is not there.</source>
        <translation>驱动器不存在。</translation>
    </message>
    <message>
        <source>Connect it, then check again.</source>
        <translation>请连接它，然后重新检查。</translation>
    </message>
    <message>
        <source>A file has the name of the folder, or of one above it.</source>
        <translation>有文件与该文件夹或其上级文件夹同名。</translation>
    </message>
    <message>
        <source>Rename or move that file.</source>
        <translation>请重命名或移走该文件。</translation>
    </message>
    <message>
        <source>The system refuses it: {reason}.</source>
        <translation>系统拒绝了：{reason}。</translation>
    </message>
    <message>
        <source>Check the disk and its cable or network.</source>
        <translation>请检查磁盘及其连线或网络。</translation>
    </message>
</context>
<context>
    <name>DoctorPage</name>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>Checking…</source>
        <translation>正在检查…</translation>
    </message>
    <message>
        <source>The engine is starting; the checks are made as soon as it is ready.</source>
        <translation>引擎正在启动；就绪后立即检查。</translation>
    </message>
    <message>
        <source>Waiting for the engine…</source>
        <translation>正在等待引擎…</translation>
    </message>
    <message>
        <source>It may be busy with a model. The result appears here as soon as it comes.</source>
        <translation>它可能正忙于处理模型。结果一出来就会显示在这里。</translation>
    </message>
    <message>
        <source>The engine doesn&apos;t answer yet.</source>
        <translation>引擎还没有回应。</translation>
    </message>
    <message>
        <source>The engine makes the checks: start it, and they follow by themselves.</source>
        <translation>检查由引擎进行：启动它，检查会自动开始。</translation>
    </message>
    <message>
        <source>The engine doesn&apos;t run, so nothing can be checked.</source>
        <translation>引擎没有运行，无法检查。</translation>
    </message>
    <message>
        <source>The checks could not be made.</source>
        <translation>无法进行检查。</translation>
    </message>
    <message numerus="yes">
        <source>%n thing(s) stand in the way.</source>
        <translation>
            <numerusform>有 %n 项妨碍使用。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Everything works; %n thing(s) could be better.</source>
        <translation>
            <numerusform>一切可用；有 %n 项可以改善。</numerusform>
        </translation>
    </message>
    <message>
        <source>Everything is as it should be.</source>
        <translation>一切正常。</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Doctor</source>
        <translation>诊断</translation>
    </message>
    <message>
        <source>What of this PC helps or hinders Kinora. It stays here: copy it to ask for help.</source>
        <translation>这台电脑上哪些因素有利或不利于 Kinora。内容只留在本机：求助时可以复制。</translation>
    </message>
    <message>
        <source>What was found</source>
        <translation>检查结果</translation>
    </message>
    <message>
        <source>Copy the result as text</source>
        <translation>把结果复制为文本</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation>重新检查</translation>
    </message>
    <message>
        <source>Start the engine</source>
        <translation>启动引擎</translation>
    </message>
</context>
<context>
    <name>EditWell</name>
    <message>
        <source>End the edit</source>
        <translation>结束修改</translation>
    </message>
    <message>
        <source>What is around this clip is made anew: press Delete to end the edit.</source>
        <translation>这段视频四周的画面将重新生成：按 Delete 结束编辑。</translation>
    </message>
    <message>
        <source>All of it is made anew, as this clip guides it: press Delete to end the edit.</source>
        <translation>整段视频将在这段视频的引导下重新生成：按 Delete 结束编辑。</translation>
    </message>
    <message>
        <source>Where it is tinted the clip is made anew: click to paint on, or press Delete to end the edit.</source>
        <translation>着色的部分会重新生成：点击可继续涂抹，按 Delete 键结束修改。</translation>
    </message>
    <message>
        <source>The clip goes on after this frame: click to see it, or press Delete to end the edit.</source>
        <translation>视频从这一帧之后接着往下做：点击可查看这一帧，按 Delete 结束编辑。</translation>
    </message>
</context>
<context>
    <name>Editing</name>
    <message>
        <source>“{0}” is being copied, to be there when the clip is made…</source>
        <translation>正在复制“{0}”，以便生成视频时使用…</translation>
    </message>
</context>
<context>
    <name>Engine</name>
    <message>
        <source>The engine said something that can&apos;t be read: {0}.</source>
        <translation>引擎返回了无法识别的内容：{0}。</translation>
    </message>
    <message>
        <source>The engine can&apos;t be started ({0}): install Kinora again.</source>
        <translation>无法启动引擎（{0}）：请重新安装 Kinora。</translation>
    </message>
    <message>
        <source>The engine ended unexpectedly (exit code {0}).</source>
        <translation>引擎意外退出（退出码 {0}）。</translation>
    </message>
    <message>
        <source>The system ended the engine ({0}), mostly for want of memory.</source>
        <translation>系统结束了引擎（{0}），多半是因为内存不足。</translation>
    </message>
    <message>
        <source>The engine crashed ({0}).</source>
        <translation>引擎崩溃了（{0}）。</translation>
    </message>
</context>
<context>
    <name>Export</name>
    <message>
        <source>The folder {path} does not exist: make it, or choose another.</source>
        <translation>文件夹 {path} 不存在：请新建它，或另选一个。</translation>
    </message>
    <message>
        <source>The folder {path} can&apos;t be written to: choose another.</source>
        <translation>无法写入文件夹 {path}：请另选一个。</translation>
    </message>
    <message>
        <source>The folder {path} is not empty: name a new one for the frames.</source>
        <translation>文件夹 {path} 不是空的：请为这些帧指定一个新文件夹。</translation>
    </message>
    <message>
        <source>The video could not be encoded: try another format.</source>
        <translation>视频编码失败，请换一种格式。</translation>
    </message>
    <message>
        <source>The disk is full: {folder} has {free} MB left, too little for {name}: make room there, or choose another folder.</source>
        <translation>磁盘已满：{folder} 只剩 {free} MB，放不下 {name}：请腾出空间，或另选文件夹。</translation>
    </message>
    <message>
        <source>{path} can&apos;t be written: {reason}.</source>
        <translation>无法写入 {path}：{reason}。</translation>
    </message>
</context>
<context>
    <name>Files</name>
    <message>
        <source>ffmpeg was not found: install Kinora again, or set IMAGEIO_FFMPEG_EXE to its path.</source>
        <translation>找不到 ffmpeg：请重新安装 Kinora，或把 IMAGEIO_FFMPEG_EXE 设为它的路径。</translation>
    </message>
    <message>
        <source>ffmpeg can&apos;t be run ({reason}): install Kinora again.</source>
        <translation>无法运行 ffmpeg（{reason}）：请重新安装 Kinora。</translation>
    </message>
    <message>
        <source>{name} can&apos;t be read as a video or a picture: it is damaged, or of an unknown kind.</source>
        <translation>无法将 {name} 作为视频或图片读取：文件已损坏，或格式未知。</translation>
    </message>
    <message>
        <source>{name} has no pictures that can be read: it may have been cut off.</source>
        <translation>{name} 里没有可读取的画面：文件可能不完整。</translation>
    </message>
    <message>
        <source>{path} can&apos;t be read: {reason}.</source>
        <translation>无法读取 {path}：{reason}。</translation>
    </message>
    <message>
        <source>{name} is empty (0 bytes): it was never written to its end, choose another.</source>
        <translation>{name} 是空文件（0 字节）：它没有写完，请另选一个。</translation>
    </message>
    <message>
        <source>The folder {path} has no PNG pictures in it.</source>
        <translation>文件夹 {path} 里没有 PNG 图片。</translation>
    </message>
</context>
<context>
    <name>Finder</name>
    <message numerus="yes">
        <source>%n found</source>
        <translation>
            <numerusform>找到 %n 处</numerusform>
        </translation>
    </message>
    <message>
        <source>Find in this log</source>
        <translation>在此日志中查找</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>下一处</translation>
    </message>
    <message>
        <source>Previous</source>
        <translation>上一处</translation>
    </message>
</context>
<context>
    <name>ForecastCard</name>
    <message>
        <source>Make it fit</source>
        <translation>改成能运行的</translation>
    </message>
    <message>
        <source>The forecast appears here once the settings can be made.</source>
        <translation>设置可用后，这里会显示预估。</translation>
    </message>
    <message>
        <source>This doesn&apos;t fit into the memory there is.</source>
        <translation>现有的内存或显存不够。</translation>
    </message>
    <message>
        <source>Fits</source>
        <translation>可以运行</translation>
    </message>
    <message>
        <source>Time: known after a first clip like this</source>
        <translation>时间：生成过一个类似的视频后即可预估</translation>
    </message>
    <message>
        <source>{0} for {1} clips</source>
        <translation>{1} 个短片共 {0}</translation>
    </message>
    <message>
        <source>About {0} s</source>
        <translation>约 {0} 秒</translation>
    </message>
    <message>
        <source>About {0} min</source>
        <translation>约 {0} 分钟</translation>
    </message>
    <message>
        <source>About {0} h</source>
        <translation>约 {0} 小时</translation>
    </message>
    <message>
        <source>{0} of {1} on the card</source>
        <translation>显存 {0} / {1}</translation>
    </message>
    <message>
        <source>{0} of RAM</source>
        <translation>内存 {0}</translation>
    </message>
    <message>
        <source>file about {0}</source>
        <translation>文件约 {0}</translation>
    </message>
    <message>
        <source>files about {0} in all</source>
        <translation>文件共约 {0}</translation>
    </message>
    <message numerus="yes">
        <source>{0}, %n frame(s)</source>
        <translation>
            <numerusform>{0}，%n 帧</numerusform>
        </translation>
    </message>
    <message>
        <source>weights in {0}, {1} times as fast</source>
        <translation>权重为 {0}，速度为 {1} 倍</translation>
    </message>
    <message>
        <source>weights in {0}</source>
        <comment>as they are</comment>
        <translation>权重为 {0}</translation>
    </message>
    <message>
        <source>weights in {0}</source>
        <translation>权重改为 {0}</translation>
    </message>
    <message numerus="yes">
        <source>%n frame(s)</source>
        <translation>
            <numerusform>%n 帧</numerusform>
        </translation>
    </message>
    <message>
        <source>Make it fit: {0}</source>
        <translation>改成能运行的：{0}</translation>
    </message>
</context>
<context>
    <name>Help</name>
    <message>
        <source>Window</source>
        <translation>窗口</translation>
    </message>
    <message>
        <source>Create</source>
        <translation>创作</translation>
    </message>
    <message>
        <source>Picture and player</source>
        <translation>画面与播放器</translation>
    </message>
    <message>
        <source>While a mask is painted</source>
        <translation>绘制蒙版时</translation>
    </message>
    <message>
        <source>Queue</source>
        <translation>队列</translation>
    </message>
    <message>
        <source>Library</source>
        <translation>作品库</translation>
    </message>
    <message>
        <source>Logs</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>Instance</name>
    <message>
        <source>Kinora is running already and doesn&apos;t answer: end it, then start it again.</source>
        <translation>Kinora 已在运行但没有响应：请结束它，然后重新启动。</translation>
    </message>
    <message>
        <source>The folder {0} can&apos;t be used ({1}): see that you may write there.</source>
        <translation>无法使用文件夹 {0}（{1}）：请确认您有写入权限。</translation>
    </message>
</context>
<context>
    <name>JobList</name>
    <message>
        <source>seed {0}</source>
        <translation>种子 {0}</translation>
    </message>
    <message>
        <source>{0} frames</source>
        <translation>{0} 帧</translation>
    </message>
</context>
<context>
    <name>Jobs</name>
    <message>
        <source>Kinora ended while this clip was being made; it can go on from its last step.</source>
        <translation>制作这个视频时 Kinora 退出了；可以从最后一步继续。</translation>
    </message>
    <message>
        <source>{0} can&apos;t be written to ({1}): choose another folder for clips.</source>
        <translation>无法写入 {0}（{1}）：请为视频另选一个文件夹。</translation>
    </message>
    <message>
        <source>The list of jobs could not be read, so a new one was begun; the old is {0}.</source>
        <translation>无法读取任务列表，已新建一个；旧的保存在 {0}。</translation>
    </message>
    <message>
        <source>{0} of the jobs can&apos;t be read by this version of Kinora and are left out.</source>
        <translation>有 {0} 个任务无法被此版本的 Kinora 读取，已略过。</translation>
    </message>
</context>
<context>
    <name>Keeping</name>
    <message>
        <source>What is in the trash will be deleted for good: that can&apos;t be undone.</source>
        <translation>回收站里的内容将被永久删除，无法撤销。</translation>
    </message>
    <message>
        <source>Delete for good</source>
        <translation>永久删除</translation>
    </message>
    <message>
        <source>Only two clips can be compared: select one or two.</source>
        <translation>只能比较两个视频：请选中一个或两个。</translation>
    </message>
    <message>
        <source>Kinora made {1} of these {0} files: what it made is in the library now.</source>
        <translation>这 {0} 个文件中有 {1} 个是 Kinora 制作的，已收入作品库。</translation>
    </message>
    <message>
        <source>Kinora made none of these {0} files.</source>
        <translation>这 {0} 个文件都不是 Kinora 制作的。</translation>
    </message>
    <message>
        <source>{name} is frames {first} to {last} of {count} of a clip: the settings are now those of the whole clip.</source>
        <translation>{name} 是一个视频（共 {count} 帧）的第 {first} 到 {last} 帧：现在的设置是整个视频的设置。</translation>
    </message>
    <message>
        <source>“{0}” is back in the library.</source>
        <translation>“{0}”已放回作品库。</translation>
    </message>
    <message>
        <source>{0} clips are back in the library.</source>
        <translation>{0} 个视频已放回作品库。</translation>
    </message>
    <message>
        <source>“{0}” is being copied back from the trash of another drive…</source>
        <translation>正在从另一个磁盘的回收站复制回“{0}”……</translation>
    </message>
    <message>
        <source>{name} has no recipe of Kinora&apos;s: it can be watched, and the settings stay.</source>
        <translation>{name} 没有 Kinora 的配方：可以观看，设置保持不变。</translation>
    </message>
    <message>
        <source>“{0}” is in the trash.</source>
        <translation>“{0}”已移入回收站。</translation>
    </message>
    <message>
        <source>{0} clips are in the trash.</source>
        <translation>{0} 个视频已移入回收站。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
</context>
<context>
    <name>Library</name>
    <message>
        <source>{path} can&apos;t be deleted ({reason}).</source>
        <translation>无法删除 {path}（{reason}）。</translation>
    </message>
    <message>
        <source>{name} can&apos;t be moved to {folder} ({reason}).</source>
        <translation>无法把 {name} 移到 {folder}（{reason}）。</translation>
    </message>
</context>
<context>
    <name>LibraryPage</name>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Undo the last deletion</source>
        <translation>撤销上次删除</translation>
    </message>
    <message>
        <source>{0} of {1}</source>
        <translation>{0} / {1}</translation>
    </message>
    <message>
        <source>Clips: {0}</source>
        <translation>视频：{0}</translation>
    </message>
    <message>
        <source>Nothing is found for “{0}”.</source>
        <translation>没有找到“{0}”。</translation>
    </message>
    <message>
        <source>Clear the search</source>
        <translation>清除搜索</translation>
    </message>
    <message>
        <source>No clips yet. What you make appears here, and so do clips of Kinora&apos;s that you drop on the window.</source>
        <translation>还没有视频。您制作的视频会出现在这里，拖到窗口上的 Kinora 视频也会。</translation>
    </message>
    <message>
        <source>Make a clip</source>
        <translation>制作视频</translation>
    </message>
    <message>
        <source>No favourites yet: click the star on a clip, or press S.</source>
        <translation>还没有收藏：点击视频上的星标，或按 S。</translation>
    </message>
    <message>
        <source>Show all clips</source>
        <translation>显示全部视频</translation>
    </message>
    <message>
        <source>The trash is empty.</source>
        <translation>回收站是空的。</translation>
    </message>
    <message>
        <source>Search: prompt, model, seed 42, 2026-11</source>
        <translation>搜索：提示词、模型、种子 42、2026-11</translation>
    </message>
    <message>
        <source>Search the library by prompt, model, seed or date</source>
        <translation>按提示词、模型、种子或日期搜索作品库</translation>
    </message>
    <message>
        <source>Clips</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>The file is missing</source>
        <translation>文件缺失</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Favourites</source>
        <translation>收藏</translation>
    </message>
    <message>
        <source>Trash</source>
        <translation>回收站</translation>
    </message>
    <message>
        <source>Empty the trash</source>
        <translation>清空回收站</translation>
    </message>
</context>
<context>
    <name>LogView</name>
    <message>
        <source>This log can&apos;t be read ({0}).</source>
        <translation>无法读取此日志（{0}）。</translation>
    </message>
    <message>
        <source>Nothing was written here yet.</source>
        <translation>这里还没有内容。</translation>
    </message>
</context>
<context>
    <name>LogsPage</name>
    <message>
        <source>Find</source>
        <translation>查找</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>下一处</translation>
    </message>
    <message>
        <source>Previous</source>
        <translation>上一处</translation>
    </message>
    <message>
        <source>Copied.</source>
        <translation>已复制。</translation>
    </message>
    <message>
        <source>No file manager could be opened; the logs are in {folder}.</source>
        <translation>无法打开文件管理器；日志位于 {folder}。</translation>
    </message>
    <message>
        <source>The logs in {folder} can&apos;t be read ({reason}): see who may read them.</source>
        <translation>无法读取 {folder} 中的日志（{reason}）：请检查读取权限。</translation>
    </message>
    <message>
        <source>Save the report</source>
        <translation>保存报告</translation>
    </message>
    <message>
        <source>Text (*.txt)</source>
        <translation>文本 (*.txt)</translation>
    </message>
    <message>
        <source>Saved as {path}.</source>
        <translation>已保存为 {path}。</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>窗口</translation>
    </message>
    <message>
        <source>Engine</source>
        <translation>引擎</translation>
    </message>
    <message>
        <source>Crashes</source>
        <translation>崩溃</translation>
    </message>
    <message>
        <source>Faults of the window</source>
        <translation>窗口的故障</translation>
    </message>
    <message>
        <source>What the engine wrote</source>
        <translation>引擎的输出</translation>
    </message>
    <message>
        <source>Where the window was when it crashed</source>
        <translation>窗口崩溃时的位置</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>Copy what is selected, or all</source>
        <translation>复制所选内容或全部</translation>
    </message>
    <message>
        <source>Open the folder of the logs</source>
        <translation>打开日志文件夹</translation>
    </message>
    <message>
        <source>Save report…</source>
        <translation>保存报告…</translation>
    </message>
    <message>
        <source>Shows what it will contain first</source>
        <translation>先显示报告将包含的内容</translation>
    </message>
</context>
<context>
    <name>MessageBar</name>
    <message>
        <source>Details</source>
        <translation>详情</translation>
    </message>
    <message>
        <source>Show the details of the message</source>
        <translation>显示消息的详情</translation>
    </message>
    <message>
        <source>Details of the message</source>
        <translation>消息的详情</translation>
    </message>
    <message>
        <source>What can be done about the message</source>
        <translation>针对此消息可以做的事</translation>
    </message>
    <message>
        <source>Dismiss the message</source>
        <translation>关闭消息</translation>
    </message>
</context>
<context>
    <name>ModelCard</name>
    <message>
        <source>Waits for its turn</source>
        <translation>排队中</translation>
    </message>
    <message>
        <source>Asking what there is to download…</source>
        <translation>正在查询要下载的内容…</translation>
    </message>
    <message>
        <source>Pausing…</source>
        <translation>正在暂停…</translation>
    </message>
    <message>
        <source>{0} of {1}</source>
        <translation>{0} / {1}</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>{0} a second</source>
        <translation>每秒 {0}</translation>
    </message>
    <message>
        <source>{0} s left</source>
        <translation>剩余 {0} 秒</translation>
    </message>
    <message>
        <source>{0} min left</source>
        <translation>剩余 {0} 分钟</translation>
    </message>
    <message>
        <source>{0} h left</source>
        <translation>剩余 {0} 小时</translation>
    </message>
    <message>
        <source>Video from text</source>
        <translation>文生视频</translation>
    </message>
    <message>
        <source>Video from a picture</source>
        <translation>图生视频</translation>
    </message>
    <message>
        <source>Video between two pictures</source>
        <translation>首尾帧生视频</translation>
    </message>
    <message>
        <source>Video from or between pictures</source>
        <translation>由首帧或首尾帧生成视频</translation>
    </message>
    <message>
        <source>licence: ask who made it</source>
        <translation>许可：请咨询制作者</translation>
    </message>
    <message>
        <source>Added, in place</source>
        <translation>已添加（原位使用）</translation>
    </message>
    <message>
        <source>Comes with Kinora</source>
        <translation>随 Kinora 提供</translation>
    </message>
    <message>
        <source>Installed</source>
        <translation>已安装</translation>
    </message>
    <message>
        <source>Not whole</source>
        <translation>不完整</translation>
    </message>
    <message>
        <source>Not there any more</source>
        <translation>已不在原处</translation>
    </message>
    <message>
        <source>Partly downloaded</source>
        <translation>已下载一部分</translation>
    </message>
    <message>
        <source>It still needs {0}.</source>
        <translation>还需要 {0}。</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Download {0}</source>
        <translation>下载 {0}</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Pause the download of {0}</source>
        <translation>暂停下载 {0}</translation>
    </message>
    <message>
        <source>Take {0} off the list; its files stay</source>
        <translation>把 {0} 从列表移除；文件保留</translation>
    </message>
    <message>
        <source>Delete what Kinora downloaded of {0}</source>
        <translation>删除 Kinora 为 {0} 下载的内容</translation>
    </message>
    <message>
        <source>Open the folder of {0}</source>
        <translation>打开 {0} 的文件夹</translation>
    </message>
    <message>
        <source>Delete the {0} that Kinora downloaded?</source>
        <translation>删除 Kinora 下载的 {0}？</translation>
    </message>
    <message>
        <source>Delete what Kinora downloaded so far?</source>
        <translation>删除 Kinora 目前下载的内容？</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>Keep {0}</source>
        <translation>保留 {0}</translation>
    </message>
    <message>
        <source>Download of {0}</source>
        <translation>{0} 的下载</translation>
    </message>
</context>
<context>
    <name>ModelsPage</name>
    <message>
        <source>Model files ({0})</source>
        <translation>模型文件 ({0})</translation>
    </message>
    <message>
        <source>Add a model&apos;s file</source>
        <translation>添加模型文件</translation>
    </message>
    <message>
        <source>Add a model&apos;s folder</source>
        <translation>添加模型文件夹</translation>
    </message>
    <message>
        <source>No file manager could be opened; the folder is {0}.</source>
        <translation>无法打开文件管理器；文件夹位于 {0}。</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>What you add stays where it is; nothing is copied. Removing deletes only what Kinora downloaded.</source>
        <translation>您添加的内容保持在原处，不会复制。移除时只删除 Kinora 下载的内容。</translation>
    </message>
    <message>
        <source>The list comes as soon as the engine is ready.</source>
        <translation>引擎就绪后会显示列表。</translation>
    </message>
    <message>
        <source>On this machine</source>
        <translation>在这台电脑上</translation>
    </message>
    <message>
        <source>To download</source>
        <translation>可下载</translation>
    </message>
    <message>
        <source>Add a file…</source>
        <translation>添加文件…</translation>
    </message>
    <message>
        <source>Add a folder…</source>
        <translation>添加文件夹…</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>重新查找</translation>
    </message>
    <message>
        <source>Downloads come from {0}.</source>
        <translation>下载来源：{0}。</translation>
    </message>
    <message>
        <source>Change</source>
        <translation>更改</translation>
    </message>
    <message>
        <source>Change where downloads come from</source>
        <translation>更改下载来源</translation>
    </message>
</context>
<context>
    <name>Names</name>
    <message>
        <source>The name pattern “{0}” can&apos;t be used: {1}.</source>
        <translation>命名格式“{0}”不可用：{1}。</translation>
    </message>
    <message>
        <source>The name pattern has no {0} to fill in: use some of {1}.</source>
        <translation>命名格式里不能填入 {0}：请从 {1} 中选用。</translation>
    </message>
    <message>
        <source>The name pattern is empty: use, for example, {0}</source>
        <translation>命名格式为空：例如可用 {0}</translation>
    </message>
</context>
<context>
    <name>ObstacleCard</name>
    <message>
        <source>Use {0}</source>
        <translation>改用 {0}</translation>
    </message>
</context>
<context>
    <name>Pages</name>
    <message>
        <source>A clip is done</source>
        <translation>视频已完成</translation>
    </message>
    <message>
        <source>A clip came to nothing</source>
        <translation>视频未能完成</translation>
    </message>
    <message>
        <source>{0} is there and can be used.</source>
        <translation>{0} 已就绪，可以使用。</translation>
    </message>
    <message>
        <source>A download is done</source>
        <translation>下载完成</translation>
    </message>
    <message>
        <source>{0} was downloaded, but can&apos;t be read: delete it and download it again.</source>
        <translation>{0} 已下载，但无法读取：请将其删除后重新下载。</translation>
    </message>
    <message>
        <source>{0} was downloaded, but still needs {1}: try again, or delete it and download it anew.</source>
        <translation>{0} 已下载，但还缺少 {1}：请重试，或将其删除后重新下载。</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>A download is not whole</source>
        <translation>下载不完整</translation>
    </message>
    <message>
        <source>The download of {0} stopped</source>
        <translation>{0} 的下载已停止</translation>
    </message>
    <message>
        <source>That model is on the list already.</source>
        <translation>该模型已在列表中。</translation>
    </message>
    <message>
        <source>{0} was added, and stays where it is.</source>
        <translation>已添加 {0}，文件保持在原处。</translation>
    </message>
</context>
<context>
    <name>PaintBar</name>
    <message>
        <source>Brush: {0} pixels</source>
        <translation>画笔：{0} 像素</translation>
    </message>
    <message>
        <source>Brush</source>
        <translation>画笔</translation>
    </message>
    <message>
        <source>Paint</source>
        <translation>涂抹</translation>
    </message>
    <message>
        <source>Erase</source>
        <translation>擦除</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>重做</translation>
    </message>
    <message>
        <source>Clear the mask</source>
        <translation>清空蒙版</translation>
    </message>
    <message>
        <source>Invert the mask</source>
        <translation>反转蒙版</translation>
    </message>
    <message>
        <source>Paint over what is to be made anew. The right button erases.</source>
        <translation>涂抹要重新生成的部分。右键擦除。</translation>
    </message>
    <message>
        <source>Use this mask</source>
        <translation>使用此蒙版</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>Painter</name>
    <message>
        <source>Use this mask</source>
        <translation>使用此蒙版</translation>
    </message>
    <message>
        <source>Leave the mask</source>
        <translation>退出蒙版绘制</translation>
    </message>
    <message>
        <source>Smaller brush</source>
        <translation>缩小画笔</translation>
    </message>
    <message>
        <source>Larger brush</source>
        <translation>放大画笔</translation>
    </message>
    <message>
        <source>Paint with the left button, or erase</source>
        <translation>左键切换涂抹或擦除</translation>
    </message>
    <message>
        <source>Undo a stroke</source>
        <translation>撤销一笔</translation>
    </message>
    <message>
        <source>Redo a stroke</source>
        <translation>重做一笔</translation>
    </message>
</context>
<context>
    <name>PictureWell</name>
    <message>
        <source>Pictures ({0})</source>
        <translation>图片 ({0})</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
    <message>
        <source>There is no picture in the clipboard: copy one first.</source>
        <translation>剪贴板中没有图片：请先复制一张。</translation>
    </message>
    <message>
        <source>Paste a picture as the frame</source>
        <translation>将剪贴板中的图片用作首帧或尾帧</translation>
    </message>
    <message>
        <source>Take the picture away</source>
        <translation>移除图片</translation>
    </message>
    <message>
        <source>{0}: missing</source>
        <translation>{0}：图片缺失</translation>
    </message>
    <message>
        <source>This picture isn&apos;t on this machine any more: choose it again.</source>
        <translation>这张图片已不在本机：请重新选择。</translation>
    </message>
    <message>
        <source>A picture is here: click to choose another, or press Delete.</source>
        <translation>已选择图片：点击可更换，按 Delete 可移除。</translation>
    </message>
    <message>
        <source>What is dimmed doesn&apos;t fit the clip&apos;s shape, and is cut off.</source>
        <translation>变暗的部分超出视频的画面比例，会被裁掉。</translation>
    </message>
    <message>
        <source>Click, drop a picture here, or press Ctrl+V to paste one.</source>
        <translation>点击选择图片、将图片拖到这里，或按 Ctrl+V 粘贴。</translation>
    </message>
    <message>
        <source>Take the picture away: {0}</source>
        <translation>移除图片：{0}</translation>
    </message>
</context>
<context>
    <name>Pictures</name>
    <message>
        <source>First frame</source>
        <translation>首帧</translation>
    </message>
    <message>
        <source>The picture that the clip begins with</source>
        <translation>视频开头的图片</translation>
    </message>
    <message>
        <source>Last frame</source>
        <translation>尾帧</translation>
    </message>
    <message>
        <source>The picture that the clip ends with</source>
        <translation>视频结尾的图片</translation>
    </message>
    <message>
        <source>Edited clip</source>
        <translation>要修改的视频</translation>
    </message>
    <message>
        <source>Clip that goes on</source>
        <translation>要接续的视频</translation>
    </message>
    <message>
        <source>The clip that the next one goes on with</source>
        <translation>下一段视频所接续的视频</translation>
    </message>
    <message>
        <source>The clip of which a part is made anew</source>
        <translation>其中一部分会重新生成的视频</translation>
    </message>
    <message numerus="yes">
        <source>Shows what is in %n picture(s)</source>
        <translation>
            <numerusform>参考 %n 张图片</numerusform>
        </translation>
    </message>
    <message>
        <source>Swap first and last frame</source>
        <translation>交换首帧和尾帧</translation>
    </message>
    <message>
        <source>Show nothing of them</source>
        <translation>不再参考它们</translation>
    </message>
</context>
<context>
    <name>Player</name>
    <message>
        <source>Play or pause</source>
        <translation>播放或暂停</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Play, faster each time</source>
        <translation>播放，每按一次加快</translation>
    </message>
    <message>
        <source>Play in reverse, faster each time</source>
        <translation>倒放，每按一次加快</translation>
    </message>
    <message>
        <source>One frame back</source>
        <translation>后退一帧</translation>
    </message>
    <message>
        <source>One frame on</source>
        <translation>前进一帧</translation>
    </message>
    <message>
        <source>One second back</source>
        <translation>后退一秒</translation>
    </message>
    <message>
        <source>One second on</source>
        <translation>前进一秒</translation>
    </message>
    <message>
        <source>To the start</source>
        <translation>到开头</translation>
    </message>
    <message>
        <source>To the end</source>
        <translation>到结尾</translation>
    </message>
    <message>
        <source>Start the range here</source>
        <translation>在此设入点</translation>
    </message>
    <message>
        <source>End the range here</source>
        <translation>在此设出点</translation>
    </message>
    <message>
        <source>Play the whole clip</source>
        <translation>播放整个视频</translation>
    </message>
</context>
<context>
    <name>PresetButton</name>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Keep these settings as…</source>
        <translation>把这些设置存为…</translation>
    </message>
    <message>
        <source>Name of a new preset</source>
        <translation>新预设的名称</translation>
    </message>
    <message>
        <source>New name of “{0}”</source>
        <translation>“{0}”的新名称</translation>
    </message>
    <message>
        <source>Presets</source>
        <translation>预设</translation>
    </message>
</context>
<context>
    <name>Presets</name>
    <message>
        <source>As the model likes it</source>
        <translation>模型的默认设置</translation>
    </message>
    <message>
        <source>Quick draft</source>
        <translation>快速草稿</translation>
    </message>
    <message>
        <source>Upright, for a phone</source>
        <translation>竖屏，适合手机</translation>
    </message>
    <message>
        <source>Square</source>
        <translation>方形</translation>
    </message>
    <message>
        <source>A single picture</source>
        <translation>单张图片</translation>
    </message>
    <message>
        <source>A preset needs a name: “{0}” keeps the one it has.</source>
        <translation>预设需要一个名称：“{0}”保留原来的名称。</translation>
    </message>
    <message>
        <source>There is a preset “{0}” already: choose another name.</source>
        <translation>已有名为“{0}”的预设：请换一个名称。</translation>
    </message>
    <message>
        <source>The presets can&apos;t be kept in {0} ({1}): make room there or allow writing, and try again.</source>
        <translation>无法将预设保存到 {0}（{1}）：请腾出空间或允许写入，然后重试。</translation>
    </message>
</context>
<context>
    <name>Prompt</name>
    <message>
        <source>{0} of {1} tokens</source>
        <translation>{0} / {1} 个词元</translation>
    </message>
    <message>
        <source>{0} of {1} tokens: the rest isn&apos;t read</source>
        <translation>{0}/{1} 个词元：其余部分不会被读取</translation>
    </message>
    <message>
        <source>The model doesn&apos;t read the part that is struck through: shorten the prompt.</source>
        <translation>模型不会读取带删除线的部分：请缩短提示词。</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Describe the video you want.</source>
        <translation>描述您想要的视频。</translation>
    </message>
    <message>
        <source>How much of the prompt&apos;s room is used</source>
        <translation>提示词已用的长度</translation>
    </message>
</context>
<context>
    <name>QueuePanel</name>
    <message>
        <source>Waiting</source>
        <translation>等待中</translation>
    </message>
    <message>
        <source>Finishing early…</source>
        <translation>正在提前完成…</translation>
    </message>
    <message>
        <source>Stopping…</source>
        <translation>正在停止…</translation>
    </message>
    <message>
        <source>Paused at step {0}</source>
        <translation>已在第 {0} 步暂停</translation>
    </message>
    <message>
        <source>Interrupted at step {0}</source>
        <translation>在第 {0} 步中断</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>Cancelled</source>
        <translation>已取消</translation>
    </message>
    <message>
        <source>In the trash</source>
        <translation>在回收站中</translation>
    </message>
    <message>
        <source>The file is missing</source>
        <translation>文件缺失</translation>
    </message>
    <message>
        <source>Reading the prompt</source>
        <translation>正在读取提示词</translation>
    </message>
    <message>
        <source>Reading the pictures</source>
        <translation>正在读取图片</translation>
    </message>
    <message>
        <source>Quantising the model, this once</source>
        <translation>正在量化模型（仅此一次）</translation>
    </message>
    <message>
        <source>Loading the model</source>
        <translation>正在加载模型</translation>
    </message>
    <message>
        <source>Step {0}/{1}</source>
        <translation>第 {0}/{1} 步</translation>
    </message>
    <message>
        <source>Painting the frames</source>
        <translation>正在绘制画面</translation>
    </message>
    <message>
        <source>Starting</source>
        <translation>正在开始</translation>
    </message>
    <message>
        <source>{0} s left</source>
        <translation>剩余 {0} 秒</translation>
    </message>
    <message>
        <source>{0} left</source>
        <comment>minutes and seconds</comment>
        <translation>剩余 {0}</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Finish now</source>
        <translation>立即完成</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Again with a new seed</source>
        <translation>换个种子再来一次</translation>
    </message>
    <message>
        <source>Take back to edit</source>
        <translation>取回编辑</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>显示</translation>
    </message>
    <message>
        <source>Compare with the one shown</source>
        <translation>与正在显示的视频比较</translation>
    </message>
    <message>
        <source>Move up</source>
        <translation>上移</translation>
    </message>
    <message>
        <source>Move down</source>
        <translation>下移</translation>
    </message>
    <message>
        <source>Remove from the list</source>
        <translation>从列表移除</translation>
    </message>
    <message>
        <source>Cancel all that wait</source>
        <translation>取消所有等待中的任务</translation>
    </message>
    <message>
        <source>Clear what is done or cancelled</source>
        <translation>清除已完成和已取消的任务</translation>
    </message>
    <message>
        <source>Queue</source>
        <translation>队列</translation>
    </message>
    <message>
        <source>Nothing is waiting. Clips you ask for line up here.</source>
        <translation>没有等待的任务。您要的视频会在这里排队。</translation>
    </message>
</context>
<context>
    <name>Replacing</name>
    <message>
        <source>The settings are that clip&apos;s now, and the seed too: unlock it to make another one.</source>
        <translation>设置已换成这段视频的，种子也是：要生成不同的视频，请解锁种子。</translation>
    </message>
    <message>
        <source>The settings are those of the preset “{0}” now.</source>
        <translation>设置已换成预设“{0}”的。</translation>
    </message>
    <message>
        <source>The next clip begins with {name}: describe what happens.</source>
        <translation>下一段视频以 {name} 为首帧：请描述接下来发生什么。</translation>
    </message>
    <message>
        <source>The next clip begins with this frame: describe what happens.</source>
        <translation>下一段视频以这一帧为首帧：请描述接下来发生什么。</translation>
    </message>
    <message>
        <source>The next clip ends with this frame: describe what happens.</source>
        <translation>下一段视频以这一帧为尾帧：请描述在此之前发生什么。</translation>
    </message>
    <message>
        <source>The next clip is this one with a part made anew: describe what is to be there.</source>
        <translation>下一段视频会重新生成此视频的一部分：请描述那里要出现什么。</translation>
    </message>
    <message>
        <source>The next clip goes on with this one: describe what happens.</source>
        <translation>下一段视频接着这一段往下做：请描述接下来发生什么。</translation>
    </message>
    <message>
        <source>Of its {0} frames it has the first {1}: mark a range for others.</source>
        <translation>它共有 {0} 帧，只取前 {1} 帧：要用其他帧，请先标出选段。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>That clip was finished early, after {0} of {1} steps, and so is the next, unless you choose the steps anew.</source>
        <translation>该视频在第 {0} 步（共 {1} 步）提前完成；除非重新选择步数，下一个也会如此。</translation>
    </message>
</context>
<context>
    <name>Report</name>
    <message>
        <source>The report can&apos;t be saved as {0} ({1}): choose another place.</source>
        <translation>无法把报告保存为 {0}（{1}）：请另选位置。</translation>
    </message>
</context>
<context>
    <name>ReportView</name>
    <message>
        <source>This is all that the report will contain</source>
        <translation>报告将只包含以下内容</translation>
    </message>
    <message>
        <source>Prompts, names of clips and folders were taken out. Read it first: nothing is written until you save it, and nothing is sent.</source>
        <translation>提示词、视频名和文件夹名已去除。请先查看：保存之前不会写入任何内容，也不会发送任何内容。</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Save…</source>
        <translation>保存…</translation>
    </message>
</context>
<context>
    <name>Reveal</name>
    <message>
        <source>No file manager could be opened; the clip is {path}.</source>
        <translation>无法打开文件管理器；视频位于 {path}。</translation>
    </message>
</context>
<context>
    <name>Saving</name>
    <message>
        <source>Picture (*.png)</source>
        <translation>图片 (*.png)</translation>
    </message>
    <message>
        <source>Save this frame</source>
        <translation>保存此帧</translation>
    </message>
    <message>
        <source>MP4 video (*.mp4)</source>
        <translation>MP4 视频 (*.mp4)</translation>
    </message>
    <message>
        <source>WebM video (*.webm)</source>
        <translation>WebM 视频 (*.webm)</translation>
    </message>
    <message>
        <source>GIF (*.gif)</source>
        <translation>GIF (*.gif)</translation>
    </message>
    <message>
        <source>Folder of PNG pictures (*)</source>
        <translation>PNG 图片文件夹 (*)</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>Saved as {path}.</source>
        <translation>已保存为 {path}。</translation>
    </message>
</context>
<context>
    <name>SeedField</name>
    <message>
        <source>The same seed and settings make the same clip again</source>
        <translation>相同的种子和设置会生成相同的视频</translation>
    </message>
    <message>
        <source>Throw another seed</source>
        <translation>换一个种子</translation>
    </message>
    <message>
        <source>Keep this seed for the next clip</source>
        <translation>下一个视频沿用此种子</translation>
    </message>
</context>
<context>
    <name>Settings</name>
    <message>
        <source>“{0}” is no full path: choose a folder for clips.</source>
        <translation>“{0}”不是完整路径：请为视频选择一个文件夹。</translation>
    </message>
    <message>
        <source>A memory budget of {0} GB can&apos;t be used: it lies from 0 to {1}.</source>
        <translation>显存预算 {0} GB 不可用：应在 0 到 {1} 之间。</translation>
    </message>
    <message>
        <source>The mirror “{0}” is no web address: it begins with https://.</source>
        <translation>镜像“{0}”不是网址：网址以 https:// 开头。</translation>
    </message>
    <message>
        <source>The settings in {0} can&apos;t be read ({1}); the usual ones are used.</source>
        <translation>无法读取 {0} 中的设置（{1}）；已改用默认设置。</translation>
    </message>
    <message>
        <source>These settings could not be used and are the usual ones again: {0}.</source>
        <translation>以下设置不可用，已恢复默认：{0}。</translation>
    </message>
    <message>
        <source>The settings could not be read; the usual ones are used, the old are {0}.</source>
        <translation>无法读取设置；已改用默认设置，旧设置保存在 {0}。</translation>
    </message>
    <message>
        <source>The settings can&apos;t be kept in {0} ({1}).</source>
        <translation>无法把设置保存到 {0}（{1}）。</translation>
    </message>
    <message>
        <source>The folder {0} can&apos;t be written to: choose another.</source>
        <translation>无法写入文件夹 {0}：请另选一个。</translation>
    </message>
</context>
<context>
    <name>SettingsPage</name>
    <message>
        <source>Folder for clips</source>
        <translation>视频文件夹</translation>
    </message>
    <message>
        <source>For example: {0}</source>
        <translation>例如：{0}</translation>
    </message>
    <message>
        <source>A lighthouse in a storm</source>
        <translation>暴风雨中的灯塔</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Every change holds at once and is kept.</source>
        <translation>每项改动立即生效并保存。</translation>
    </message>
    <message>
        <source>Clips</source>
        <translation>视频</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>窗口</translation>
    </message>
    <message>
        <source>Graphics card</source>
        <translation>显卡</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>Kinora tells nobody anything: no telemetry, no account. It uses the network when you download a model, and never else.</source>
        <translation>Kinora 不向任何人发送任何信息：没有遥测，没有账号。只有在您下载模型时才使用网络。</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Empty for your folder of videos.</source>
        <translation>留空则使用您的视频文件夹。</translation>
    </message>
    <message>
        <source>Names of files</source>
        <translation>文件命名</translation>
    </message>
    <message>
        <source>Memory budget</source>
        <translation>显存预算</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Notification</source>
        <translation>通知</translation>
    </message>
    <message>
        <source>For work of half a minute and more, while another window is in front.</source>
        <translation>用于半分钟以上的任务，且其他窗口在前台时。</translation>
    </message>
    <message>
        <source>Mirror for downloads</source>
        <translation>下载镜像</translation>
    </message>
    <message>
        <source>An address that serves what {0} does; empty for that itself.</source>
        <translation>提供与 {0} 相同内容的地址；留空则使用其本身。</translation>
    </message>
    <message>
        <source>Choose the folder for clips</source>
        <translation>选择视频文件夹</translation>
    </message>
    <message>
        <source>What a clip may take of the {0} GB of {1}. Less leaves room for others.</source>
        <translation>一个视频最多可占用 {1} 的 {0} GB 显存中的多少。设小一些可以给其他程序留出空间。</translation>
    </message>
    <message>
        <source>What a clip may take of a graphics card; there is none in use now.</source>
        <translation>一个视频最多可占用多少显存；目前没有使用显卡。</translation>
    </message>
    <message>
        <source>As the desktop</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Theme: {0}</source>
        <translation>主题：{0}</translation>
    </message>
    <message>
        <source>All that is free</source>
        <translation>全部可用显存</translation>
    </message>
    <message>
        <source>Tell me when long work is done</source>
        <translation>长任务完成时通知我</translation>
    </message>
    <message>
        <source>date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>seed</source>
        <translation>种子</translation>
    </message>
    <message>
        <source>model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>size</source>
        <translation>尺寸</translation>
    </message>
    <message>
        <source>Put the {0} into the name</source>
        <translation>把{0}放进文件名</translation>
    </message>
</context>
<context>
    <name>Shortcuts</name>
    <message>
        <source>Picture alone, and back</source>
        <translation>只显示画面，再按恢复</translation>
    </message>
    <message>
        <source>Dismiss the message</source>
        <translation>关闭消息</translation>
    </message>
    <message>
        <source>Open clips, or a picture</source>
        <translation>打开视频或图片</translation>
    </message>
    <message>
        <source>Full screen, and back</source>
        <translation>全屏，再按恢复</translation>
    </message>
    <message>
        <source>These shortcuts</source>
        <translation>显示这些快捷键</translation>
    </message>
    <message>
        <source>Make the clip</source>
        <translation>生成视频</translation>
    </message>
</context>
<context>
    <name>StatusLine</name>
    <message>
        <source>Engine ready</source>
        <translation>引擎就绪</translation>
    </message>
    <message>
        <source>Engine starting…</source>
        <translation>引擎启动中…</translation>
    </message>
    <message>
        <source>Engine restarting…</source>
        <translation>引擎重启中…</translation>
    </message>
    <message>
        <source>Engine stopped</source>
        <translation>引擎已停止</translation>
    </message>
    <message>
        <source>Engine off</source>
        <translation>引擎未运行</translation>
    </message>
    <message>
        <source>Nothing leaves this PC</source>
        <translation>数据不会离开这台电脑</translation>
    </message>
    <message>
        <source>{0}, {1} of {2} free</source>
        <translation>{0}，可用 {1} / {2}</translation>
    </message>
</context>
<context>
    <name>Stills</name>
    <message>
        <source>{name} isn&apos;t a picture that can be read: choose a PNG, JPEG or WebP file.</source>
        <translation>{name} 不是可以读取的图片：请选择 PNG、JPEG 或 WebP 文件。</translation>
    </message>
    <message>
        <source>The picture can&apos;t be kept: {reason}.</source>
        <translation>无法保存这张图片：{reason}。</translation>
    </message>
    <message>
        <source>a part of a clip made anew</source>
        <translation>重新生成视频的一部分</translation>
    </message>
    <message>
        <source>goes on with a clip</source>
        <translation>接续一段视频</translation>
    </message>
    <message>
        <source>a clip made anew</source>
        <translation>重新生成视频</translation>
    </message>
    <message>
        <source>first and last frame given</source>
        <translation>已给定首帧和尾帧</translation>
    </message>
    <message>
        <source>first frame given</source>
        <translation>已给定首帧</translation>
    </message>
    <message>
        <source>last frame given</source>
        <translation>已给定尾帧</translation>
    </message>
    <message>
        <source>The video that is edited isn&apos;t on this machine any more: open it and paint again, or take the edit away.</source>
        <translation>要修改的视频已不在这台电脑上：请打开它重新涂抹，或结束修改。</translation>
    </message>
    <message>
        <source>The mask of the edit isn&apos;t on this machine any more: click the edited clip and paint it again.</source>
        <translation>蒙版已不在这台电脑上：请点击要修改的视频，重新涂抹。</translation>
    </message>
</context>
<context>
    <name>Telling</name>
    <message numerus="yes">
        <source>%n clip(s) were interrupted and can go on.</source>
        <translation>
            <numerusform>有 %n 个视频被中断，可以继续。</numerusform>
        </translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>“{0}” is done.</source>
        <translation>“{0}”已完成。</translation>
    </message>
    <message>
        <source>Watch</source>
        <translation>观看</translation>
    </message>
    <message>
        <source>Start it again</source>
        <translation>重新启动</translation>
    </message>
    <message>
        <source>{0} It starts again; a clip in the making goes on from its last step.</source>
        <translation>{0}引擎会重新启动，正在生成的视频会从最后一步继续。</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
</context>
<context>
    <name>Theatre</name>
    <message>
        <source>A folder of pictures can&apos;t be edited: export it as a video, and open that.</source>
        <translation>图片文件夹不能修改：请先导出为视频，再打开那个视频。</translation>
    </message>
    <message>
        <source>Waiting to go on after step {step} of {steps}</source>
        <translation>等待从第 {step} 步（共 {steps} 步）之后继续</translation>
    </message>
    <message>
        <source>Paused at step {step} of {steps}</source>
        <translation>已暂停在第 {step} 步，共 {steps} 步</translation>
    </message>
    <message>
        <source>Interrupted at step {step} of {steps}</source>
        <translation>中断在第 {step} 步，共 {steps} 步</translation>
    </message>
    <message>
        <source>Cancelled at step {step} of {steps}: no clip was made</source>
        <translation>已在第 {step} 步（共 {steps} 步）取消：没有生成视频</translation>
    </message>
    <message>
        <source>Failed after step {step} of {steps}: no clip was made</source>
        <translation>在第 {step} 步（共 {steps} 步）之后失败：没有生成视频</translation>
    </message>
    <message>
        <source>Preview, step {step} of {steps}</source>
        <translation>预览，第 {step} 步，共 {steps} 步</translation>
    </message>
</context>
<context>
    <name>Timeline</name>
    <message>
        <source>frame {frame} / {count} · {time}</source>
        <translation>第 {frame} / {count} 帧 · {time}</translation>
    </message>
    <message>
        <source>Timeline</source>
        <translation>时间轴</translation>
    </message>
    <message>
        <source>Plays frames {first} to {last} of {count}</source>
        <translation>播放第 {first} 到 {last} 帧，共 {count} 帧</translation>
    </message>
</context>
<context>
    <name>TopBar</name>
    <message>
        <source>Create</source>
        <translation>创作</translation>
    </message>
    <message>
        <source>Library</source>
        <translation>作品库</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Doctor</source>
        <translation>诊断</translation>
    </message>
    <message>
        <source>Logs</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>Create panel</source>
        <translation>创作面板</translation>
    </message>
    <message>
        <source>Queue panel</source>
        <translation>队列面板</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Switch between dark and light</source>
        <translation>切换深色与浅色</translation>
    </message>
</context>
<context>
    <name>Transport</name>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Play</source>
        <translation>播放</translation>
    </message>
    <message>
        <source>Play in reverse</source>
        <translation>倒放</translation>
    </message>
    <message>
        <source>Loop: again from the start</source>
        <translation>循环：从头再来</translation>
    </message>
    <message>
        <source>Loop: there and back</source>
        <translation>循环：来回播放</translation>
    </message>
    <message>
        <source>Loop: off</source>
        <translation>循环：关</translation>
    </message>
    <message>
        <source>To the start</source>
        <translation>到开头</translation>
    </message>
    <message>
        <source>One frame back</source>
        <translation>后退一帧</translation>
    </message>
    <message>
        <source>One frame on</source>
        <translation>前进一帧</translation>
    </message>
    <message>
        <source>To the end</source>
        <translation>到结尾</translation>
    </message>
    <message>
        <source>Start the range here</source>
        <translation>在此设入点</translation>
    </message>
    <message>
        <source>End the range here</source>
        <translation>在此设出点</translation>
    </message>
    <message>
        <source>Compare two clips</source>
        <translation>比较两个视频</translation>
    </message>
    <message>
        <source>Fit the picture</source>
        <translation>适应窗口</translation>
    </message>
    <message>
        <source>Full screen</source>
        <translation>全屏</translation>
    </message>
    <message>
        <source>Begin the next clip with this frame</source>
        <translation>将这一帧用作下一段视频的首帧</translation>
    </message>
    <message>
        <source>End the next clip with this frame</source>
        <translation>将这一帧用作下一段视频的尾帧</translation>
    </message>
    <message>
        <source>Change a part of this clip</source>
        <translation>修改此视频的一部分</translation>
    </message>
    <message>
        <source>Go on with this clip</source>
        <translation>接着这段视频往下做</translation>
    </message>
    <message>
        <source>Save this frame</source>
        <translation>保存此帧</translation>
    </message>
    <message>
        <source>Export the range</source>
        <translation>导出选段</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>Position</source>
        <translation>位置</translation>
    </message>
</context>
<context>
    <name>Window</name>
    <message>
        <source>The preset “{0}” is removed.</source>
        <translation>已删除预设“{0}”。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Watch another clip first, to compare this one to.</source>
        <translation>请先观看另一个视频，再与这个比较。</translation>
    </message>
    <message>
        <source>Open clips, or a picture</source>
        <translation>打开视频或图片</translation>
    </message>
    <message>
        <source>Clips and pictures ({0})</source>
        <translation>视频和图片 ({0})</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
</context>
<context>
    <name>Workspace</name>
    <message>
        <source>Create</source>
        <translation>创作</translation>
    </message>
    <message>
        <source>Queue</source>
        <translation>队列</translation>
    </message>
</context>
<context>
    <name>engine</name>
    <message>
        <source>A .png can hold one image and the clip has several: name a folder.</source>
        <translation>一个 .png 只能存一张图片，而视频有多帧：请指定一个文件夹。</translation>
    </message>
    <message>
        <source>A clip can&apos;t go on with {kept} frames of a video: their number is 4n+1; the nearest is {nearest}.</source>
        <translation>不能用视频的 {kept} 帧来续写：帧数须为 4n+1，最接近的是 {nearest}。</translation>
    </message>
    <message>
        <source>A clip of one frame leaves nothing to make beside the picture: ask for 5 frames or more.</source>
        <translation>只有一帧的视频除了给定的图片就没有可生成的内容：请将长度设为 5 帧或更多。</translation>
    </message>
    <message>
        <source>A clip that is an edit of a video has its first and last frames from there: take the pictures away, or the video.</source>
        <translation>修改视频时，首帧和尾帧都来自该视频：请移除图片，或移除视频。</translation>
    </message>
    <message>
        <source>A picture that the clip is made from isn&apos;t on this machine any more: choose it again.</source>
        <translation>生成这段视频所用的图片已不在本机：请重新选择。</translation>
    </message>
    <message>
        <source>A video can&apos;t be written as {suffix} ({path}): use .mp4, .webm or .gif, .png for one image, or a folder for a PNG each.</source>
        <translation>无法把视频写成 {suffix}（{path}）：请使用 .mp4、.webm 或 .gif，单张图片用 .png，或用文件夹逐帧保存 PNG。</translation>
    </message>
    <message>
        <source>Attention in 8 bits, the fastest on this card.</source>
        <translation>注意力以 8 位计算，这在这块显卡上最快。</translation>
    </message>
    <message>
        <source>ComfyUI&apos;s scaled fp8</source>
        <translation>ComfyUI 缩放 fp8</translation>
    </message>
    <message>
        <source>Device or resource busy</source>
        <translation>设备或资源正忙</translation>
    </message>
    <message>
        <source>Directory not empty</source>
        <translation>文件夹不是空的</translation>
    </message>
    <message>
        <source>Disk quota exceeded</source>
        <translation>超出磁盘配额</translation>
    </message>
    <message>
        <source>FastWan with sparse attention</source>
        <translation>使用稀疏注意力的 FastWan</translation>
    </message>
    <message>
        <source>File exists</source>
        <translation>文件已存在</translation>
    </message>
    <message>
        <source>File name too long</source>
        <translation>文件名过长</translation>
    </message>
    <message>
        <source>File too large</source>
        <translation>文件过大</translation>
    </message>
    <message>
        <source>Fun-Control with a camera</source>
        <translation>带镜头控制的 Fun-Control</translation>
    </message>
    <message>
        <source>Fun-Control with a reference image</source>
        <translation>带参考图的 Fun-Control</translation>
    </message>
    <message>
        <source>GGUF is a precision that can&apos;t be read yet</source>
        <translation>目前还不能读取 GGUF 精度</translation>
    </message>
    <message>
        <source>Input/output error</source>
        <translation>输入/输出错误</translation>
    </message>
    <message>
        <source>Invalid argument</source>
        <translation>参数无效</translation>
    </message>
    <message>
        <source>Is a directory</source>
        <translation>是一个文件夹</translation>
    </message>
    <message>
        <source>Kinora&apos;s own kernels can&apos;t be used on this card ({cause}): torch&apos;s take more time and memory.</source>
        <translation>此显卡无法使用 Kinora 自带的计算内核（{cause}）：torch 的内核要花更多时间，占更多显存。</translation>
    </message>
    <message>
        <source>Measuring this device for some seconds, once, to choose the weights&apos; format.</source>
        <translation>正在测量此设备的速度（只需几秒，仅此一次），以选择权重格式。</translation>
    </message>
    <message>
        <source>Memory ran out: going on with less of it ({peak} at most).</source>
        <translation>内存或显存不足：改用更少的内存继续（最多 {peak}）。</translation>
    </message>
    <message>
        <source>No previews: {folder} can&apos;t be written ({reason}).</source>
        <translation>没有预览：无法写入 {folder}（{reason}）。</translation>
    </message>
    <message>
        <source>No space left on device</source>
        <translation>磁盘空间不足</translation>
    </message>
    <message>
        <source>No such file or directory</source>
        <translation>没有那个文件或文件夹</translation>
    </message>
    <message>
        <source>Not a directory</source>
        <translation>不是文件夹</translation>
    </message>
    <message>
        <source>Operation not permitted</source>
        <translation>不允许此操作</translation>
    </message>
    <message>
        <source>Permission denied</source>
        <translation>权限不足</translation>
    </message>
    <message>
        <source>Plans won&apos;t know of these figures: {error}</source>
        <translation>后续计划将无法使用这些数据：{error}</translation>
    </message>
    <message>
        <source>Read-only file system</source>
        <translation>磁盘是只读的</translation>
    </message>
    <message>
        <source>S2V, speech to video</source>
        <translation>S2V（语音生成视频）</translation>
    </message>
    <message>
        <source>SkyReels-V2 diffusion forcing</source>
        <translation>SkyReels-V2 diffusion forcing</translation>
    </message>
    <message>
        <source>Something in the program went wrong ({error}).</source>
        <translation>程序出了问题（{error}）。</translation>
    </message>
    <message>
        <source>Stale file handle</source>
        <translation>文件句柄已失效</translation>
    </message>
    <message>
        <source>The attention gave something that isn&apos;t a number: the step is taken again, and the others too, with a plainer one.</source>
        <translation>注意力计算得到了非数值结果：这一步和之后各步改用更基本的算法重新计算。</translation>
    </message>
    <message>
        <source>The card {name} is not used, as the engine has no code for its compute capability {capability}: the clip is made on the processor, slowly.</source>
        <translation>未使用显卡 {name}，因为引擎不支持其计算能力 {capability}：短片将在处理器上生成，速度较慢。</translation>
    </message>
    <message>
        <source>The clip starts anew: {path} is unusable ({cause}), now {aside}.</source>
        <translation>视频从头开始：{path} 无法使用（{cause}），已改名为 {aside}。</translation>
    </message>
    <message>
        <source>The command can&apos;t be read: {error}.</source>
        <translation>无法识别命令：{error}。</translation>
    </message>
    <message>
        <source>The disk is full: {folder} has {free_mb} MB left, too little for {name}: make room there, or choose another folder.</source>
        <translation>磁盘已满：{folder} 只剩 {free_mb} MB，放不下 {name}：请腾出空间，或另选文件夹。</translation>
    </message>
    <message>
        <source>The disk with {folder} is full: make room there; running the same download again goes on from where it stopped.</source>
        <translation>{folder} 所在的磁盘已满：请腾出空间；再次下载会从中断处继续。</translation>
    </message>
    <message>
        <source>The download needs {needed} GB and {folder} has {free} GB free: make room there, or choose another folder.</source>
        <translation>下载需要 {needed} GB，而 {folder} 只有 {free} GB 可用：请腾出空间，或另选文件夹。</translation>
    </message>
    <message>
        <source>The download of {file} broke off ({cause}): running the same download again goes on from where it stopped.</source>
        <translation>{file} 的下载中断了（{cause}）：再次下载会从中断处继续。</translation>
    </message>
    <message>
        <source>The folder {folder} can&apos;t be read ({reason}).</source>
        <translation>无法读取文件夹 {folder}（{reason}）。</translation>
    </message>
    <message>
        <source>The folder {folder} can&apos;t be written to: choose another.</source>
        <translation>无法写入文件夹 {folder}：请另选一个。</translation>
    </message>
    <message>
        <source>The folder {folder} does not exist: make it, or choose another.</source>
        <translation>文件夹 {folder} 不存在：请新建它，或另选一个。</translation>
    </message>
    <message>
        <source>The folder {path} has no weights in it.</source>
        <translation>文件夹 {path} 里没有权重。</translation>
    </message>
    <message>
        <source>The folder {target} is not empty: name a new one for the frames.</source>
        <translation>文件夹 {target} 不是空的：请为这些帧指定一个新文件夹。</translation>
    </message>
    <message>
        <source>The graphics card</source>
        <translation>显卡</translation>
    </message>
    <message>
        <source>The history of what clips took could not be read, so a new one was begun; the old is {file}.</source>
        <translation>无法读取以往视频的耗时记录，已新建一份；旧记录位于 {file}。</translation>
    </message>
    <message>
        <source>The list of models {file} can&apos;t be read ({reason}).</source>
        <translation>无法读取模型列表 {file}（{reason}）。</translation>
    </message>
    <message>
        <source>The list of models {file} can&apos;t be written ({reason}).</source>
        <translation>无法写入模型列表 {file}（{reason}）。</translation>
    </message>
    <message>
        <source>The model that comes with Kinora isn&apos;t in {folder}: get Kinora again, as a whole.</source>
        <translation>Kinora 自带的模型不在 {folder} 中：请重新获取完整的 Kinora。</translation>
    </message>
    <message>
        <source>The model {name!r} can&apos;t be looked up ({reason}).</source>
        <translation>无法查找模型“{name}”（{reason}）。</translation>
    </message>
    <message>
        <source>The model {name} isn&apos;t at {path} any more: put it back or add it again.</source>
        <translation>模型 {name} 已不在 {path}：请放回原处，或重新添加。</translation>
    </message>
    <message>
        <source>The model {name} isn&apos;t on this machine: get it with {kinora} models download {name}, or give the path of a copy.</source>
        <translation>这台电脑上没有模型 {name}：请在“模型”页下载它（或运行 {kinora} models download {name}），也可以添加已有的副本。</translation>
    </message>
    <message>
        <source>The prompt is empty: describe the video you want.</source>
        <translation>提示词为空：请描述您想要的视频。</translation>
    </message>
    <message>
        <source>The prompt takes {used} tokens and the model reads {limit}: it won&apos;t see what comes after the first {cut_at} characters.</source>
        <translation>提示词有 {used} 个词元，而模型只读取 {limit} 个：前 {cut_at} 个字符之后的内容会被忽略。</translation>
    </message>
    <message>
        <source>The quantised copy can&apos;t be written to {file} ({reason}): make room there, or use the weights as they are.</source>
        <translation>无法把量化后的副本写入 {file}（{reason}）：请腾出空间，或使用原有精度的权重。</translation>
    </message>
    <message>
        <source>The quantised copy needs {needed} GB and {folder} has {free} GB free: make room there, or use the weights as they are.</source>
        <translation>量化后的副本需要 {needed} GB，而 {folder} 只有 {free} GB 可用：请腾出空间，或使用原有精度的权重。</translation>
    </message>
    <message>
        <source>The size {width}x{height} can&apos;t be made: width and height are multiples of {multiple} up to {largest}; the nearest is {nearest_width}x{nearest_height}.</source>
        <translation>无法生成 {width}x{height} 的尺寸：宽和高须为 {multiple} 的倍数，且不超过 {largest}；最接近的是 {nearest_width}x{nearest_height}。</translation>
    </message>
    <message>
        <source>The text encoder {encoder} gives vectors of {given} numbers, and the transformer {transformer} takes {wanted}: use the one that came with it.</source>
        <translation>文本编码器 {encoder} 输出 {given} 维向量，而 Transformer {transformer} 需要 {wanted} 维：请使用与它配套的文本编码器。</translation>
    </message>
    <message>
        <source>The timesteps {timesteps} can&apos;t be used: they fall from at most 1000 and stay above 0.</source>
        <translation>无法使用时间步 {timesteps}：须从不超过 1000 开始递减，且大于 0。</translation>
    </message>
    <message>
        <source>The tokenizer in {source} has no {token} token: use the one of UMT5.</source>
        <translation>{source} 中的分词器没有 {token} 词元：请使用 UMT5 的分词器。</translation>
    </message>
    <message>
        <source>The tokenizer in {source} is damaged or no tokenizer: download it again.</source>
        <translation>{source} 中的分词器已损坏或不是分词器：请重新下载。</translation>
    </message>
    <message>
        <source>The tokenizer of {path} has {tokens} tokens and its text encoder knows {rows}: use the one that came with the encoder.</source>
        <translation>{path} 的分词器有 {tokens} 个词元，而它的文本编码器只认识 {rows} 个：请使用与编码器配套的分词器。</translation>
    </message>
    <message>
        <source>The tokenizer {path} can&apos;t be read ({reason}): download it again.</source>
        <translation>无法读取分词器 {path}（{reason}）：请重新下载。</translation>
    </message>
    <message>
        <source>The transformer gives something that isn&apos;t a number: its weights are damaged, or in a format that can&apos;t hold them; use others, or --weights native.</source>
        <translation>Transformer 得到了非数值结果：它的权重已损坏，或所选精度容纳不下；请换用其他权重，或把精度设为“与设备计算精度相同”。</translation>
    </message>
    <message>
        <source>The unfinished clip can&apos;t be kept in {path} ({reason}): if it&apos;s stopped now, it goes on from an earlier step or starts anew.</source>
        <translation>无法把未完成的视频保存到 {path}（{reason}）：如果现在停止，之后会从更早的一步继续或从头开始。</translation>
    </message>
    <message>
        <source>The {model} model knows only its toy world: {world}. For anything else, get a real one, on the Models page or with: {kinora} models download t2v-1.3b</source>
        <translation>模型 {model} 只认识它的小小世界：{world}。要生成其他内容，请在“模型”页下载真正的模型，或运行：{kinora} models download t2v-1.3b</translation>
    </message>
    <message>
        <source>The {name} can&apos;t be {value}: it lies between {low} and {high}.</source>
        <translation>{name}不能是 {value}：须在 {low} 到 {high} 之间。</translation>
    </message>
    <message>
        <source>The {name} has bytes that are no UTF-8 text: use a terminal that is set to UTF-8.</source>
        <translation>{name}中有不是 UTF-8 文本的字节：请改用 UTF-8 文本。</translation>
    </message>
    <message>
        <source>There is no file or folder {path}.</source>
        <translation>没有文件或文件夹 {path}。</translation>
    </message>
    <message>
        <source>There is no file {file}.</source>
        <translation>没有文件 {file}。</translation>
    </message>
    <message>
        <source>There is no model {name!r}: give the path of a model&apos;s folder or file, or one of {names}.</source>
        <translation>没有模型“{name}”：请给出模型文件夹或文件的路径，或使用 {names} 之一。</translation>
    </message>
    <message>
        <source>There is no repository {name} at {host}: check its name; if it is private, log in with &apos;hf auth login&apos;.</source>
        <translation>{host} 上没有仓库 {name}：请检查名称；如果是私有仓库，请用“hf auth login”登录。</translation>
    </message>
    <message>
        <source>There is nothing of {name} that Kinora downloaded: delete its files yourself if you don&apos;t need them.</source>
        <translation>没有 Kinora 为 {name} 下载的内容：如果不需要它的文件，请自行删除。</translation>
    </message>
    <message>
        <source>This machine</source>
        <translation>这台电脑</translation>
    </message>
    <message>
        <source>Too many open files</source>
        <translation>打开的文件过多</translation>
    </message>
    <message>
        <source>VAE</source>
        <translation>VAE 网络</translation>
    </message>
    <message>
        <source>Wan transformer with {channels} input channels</source>
        <translation>有 {channels} 个输入通道的 Wan Transformer</translation>
    </message>
    <message>
        <source>Wan2.1_VAE.pth of Wan-AI/Wan2.1-T2V-1.3B, or wan_2.1_vae.safetensors of Comfy-Org/Wan_2.1_ComfyUI_repackaged</source>
        <translation>Wan-AI/Wan2.1-T2V-1.3B 的 Wan2.1_VAE.pth，或 Comfy-Org/Wan_2.1_ComfyUI_repackaged 的 wan_2.1_vae.safetensors</translation>
    </message>
    <message>
        <source>Weights in {choice}.</source>
        <translation>权重格式：{choice}。</translation>
    </message>
    <message>
        <source>What this clip took isn&apos;t noted for the next one&apos;s forecast: {error}</source>
        <translation>本视频的耗时未能记录，下次预测无法参考：{error}</translation>
    </message>
    <message>
        <source>What this machine took for other clips isn&apos;t known: {error}</source>
        <translation>无法得知本机以往生成视频的耗时：{error}</translation>
    </message>
    <message>
        <source>another program has it open</source>
        <translation>文件正被其他程序打开</translation>
    </message>
    <message>
        <source>circles, squares and triangles in six colours that move or stay still in the sky, at night, on the sand or on a chessboard</source>
        <translation>六种颜色的圆形、方形和三角形（circle、square、triangle），在天空、夜晚、沙地或棋盘上移动或静止</translation>
    </message>
    <message>
        <source>diffusion_pytorch_model.safetensors of Wan-AI/Wan2.1-T2V-1.3B</source>
        <translation>Wan-AI/Wan2.1-T2V-1.3B 的 diffusion_pytorch_model.safetensors</translation>
    </message>
    <message>
        <source>driven by sound (HuMo, MultiTalk)</source>
        <translation>声音驱动（HuMo、MultiTalk）</translation>
    </message>
    <message>
        <source>ffmpeg can&apos;t be run ({error}): install Kinora again.</source>
        <translation>无法运行 ffmpeg（{error}）：请重新安装 Kinora。</translation>
    </message>
    <message>
        <source>ffmpeg was not found: install Kinora again, or set IMAGEIO_FFMPEG_EXE to its path.</source>
        <translation>没有找到 ffmpeg：请重新安装 Kinora，或把 IMAGEIO_FFMPEG_EXE 设为它的路径。</translation>
    </message>
    <message>
        <source>frame rate</source>
        <translation>帧率</translation>
    </message>
    <message>
        <source>guidance</source>
        <translation>引导强度</translation>
    </message>
    <message>
        <source>has misshapen</source>
        <translation>形状不符的有</translation>
    </message>
    <message>
        <source>has unknown</source>
        <translation>无法识别的有</translation>
    </message>
    <message>
        <source>image encoder</source>
        <translation>图像编码器</translation>
    </message>
    <message>
        <source>it fits whole, and {unmeasured}</source>
        <translation>可完整放入显存，且{unmeasured}</translation>
    </message>
    <message>
        <source>it has layers in quanto&apos;s 4 or 2 bits, a precision that can&apos;t be read yet</source>
        <translation>其中有 quanto 的 4 位或 2 位层，目前还不能读取这种精度</translation>
    </message>
    <message>
        <source>it has layers in {kind}, a precision that can&apos;t be read yet</source>
        <translation>其中有 {kind} 精度的层，目前还不能读取</translation>
    </message>
    <message>
        <source>it has layers of {dtype} codes with {found}, a precision that can&apos;t be read yet</source>
        <translation>其中有 {dtype} 编码的层（{found}），目前还不能读取这种精度</translation>
    </message>
    <message>
        <source>it has no frames</source>
        <translation>没有任何帧</translation>
    </message>
    <message>
        <source>it has {dtype} codes of bitsandbytes, a precision that can&apos;t be read yet</source>
        <translation>其中有 bitsandbytes 的 {dtype} 编码，目前还不能读取这种精度</translation>
    </message>
    <message>
        <source>it is damaged</source>
        <translation>已损坏</translation>
    </message>
    <message>
        <source>it is of another request</source>
        <translation>属于另一个请求</translation>
    </message>
    <message>
        <source>it isn&apos;t a part of Wan2.1 (its first tensors are {first})</source>
        <translation>不是 Wan2.1 的组成部分（最前面的张量：{first}）</translation>
    </message>
    <message>
        <source>it was begun with other weights</source>
        <translation>开始时用的是其他权重</translation>
    </message>
    <message>
        <source>it&apos;s a LoRA, which Kinora can&apos;t use yet</source>
        <translation>这是 LoRA，Kinora 目前还不能使用</translation>
    </message>
    <message>
        <source>it&apos;s a T5 encoder, for other models: Wan2.1 needs UMT5-XXL&apos;s encoder</source>
        <translation>这是用于其他模型的 T5 编码器：Wan2.1 需要 UMT5-XXL 的编码器</translation>
    </message>
    <message>
        <source>it&apos;s a Wan transformer for {extension}, which Kinora can&apos;t use yet</source>
        <translation>这是用于“{extension}”的 Wan Transformer，Kinora 目前还不能使用</translation>
    </message>
    <message>
        <source>it&apos;s a preview decoder, which Kinora can&apos;t use yet</source>
        <translation>这是预览解码器，Kinora 目前还不能使用</translation>
    </message>
    <message>
        <source>it&apos;s a {title} model, which Kinora can&apos;t use yet</source>
        <translation>这是 {title} 模型，Kinora 目前还不能使用</translation>
    </message>
    <message>
        <source>it&apos;s only the VACE part of a transformer: use a whole VACE transformer</source>
        <translation>这只是 Transformer 的 VACE 部分：请使用完整的 VACE Transformer</translation>
    </message>
    <message>
        <source>its latents have {channels} channels, where Wan2.1&apos;s have {expected}</source>
        <translation>它的潜变量有 {channels} 个通道，而 Wan2.1 是 {expected} 个</translation>
    </message>
    <message>
        <source>its layout is a precision that can&apos;t be read yet</source>
        <translation>目前还不能读取这种排列的精度</translation>
    </message>
    <message>
        <source>its weights are {dtype} codes without the scales to read them by</source>
        <translation>权重是 {dtype} 编码，但缺少解读所需的缩放系数</translation>
    </message>
    <message>
        <source>lacks</source>
        <translation>缺少</translation>
    </message>
    <message>
        <source>make the clip smaller or shorter</source>
        <translation>请减小视频的尺寸或长度</translation>
    </message>
    <message>
        <source>measured on a processor without int8 units, not on this machine</source>
        <translation>在无 int8 单元的处理器上测得，并非本机</translation>
    </message>
    <message>
        <source>measured on this machine</source>
        <translation>在本机测得</translation>
    </message>
    <message>
        <source>model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth of Wan-AI/Wan2.1-I2V-14B-480P, or clip_vision_h.safetensors of Comfy-Org/Wan_2.1_ComfyUI_repackaged</source>
        <translation>Wan-AI/Wan2.1-I2V-14B-480P 的 models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth，或 Comfy-Org/Wan_2.1_ComfyUI_repackaged 的 clip_vision_h.safetensors</translation>
    </message>
    <message>
        <source>models_t5_umt5-xxl-enc-bf16.pth of Wan-AI/Wan2.1-T2V-1.3B, or umt5_xxl_fp16.safetensors of Comfy-Org/Wan_2.1_ComfyUI_repackaged</source>
        <translation>Wan-AI/Wan2.1-T2V-1.3B 的 models_t5_umt5-xxl-enc-bf16.pth，或 Comfy-Org/Wan_2.1_ComfyUI_repackaged 的 umt5_xxl_fp16.safetensors</translation>
    </message>
    <message>
        <source>negative prompt</source>
        <translation>负面提示词</translation>
    </message>
    <message>
        <source>no named format</source>
        <translation>未注明的格式</translation>
    </message>
    <message>
        <source>no scale</source>
        <translation>没有缩放系数</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>nothing better fits</source>
        <translation>没有更好的格式放得下</translation>
    </message>
    <message>
        <source>nothing is faster ({source})</source>
        <translation>没有更快的格式（{source}）</translation>
    </message>
    <message>
        <source>number of frames to skip</source>
        <translation>跳过的帧数</translation>
    </message>
    <message>
        <source>number of references</source>
        <translation>参考图数量</translation>
    </message>
    <message>
        <source>number of steps</source>
        <translation>步数</translation>
    </message>
    <message>
        <source>number of steps to stop after</source>
        <translation>提前结束的步数</translation>
    </message>
    <message>
        <source>packed 4-bit</source>
        <translation>打包 4 位</translation>
    </message>
    <message>
        <source>prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>seed</source>
        <translation>种子</translation>
    </message>
    <message>
        <source>shift</source>
        <translation>噪声偏移</translation>
    </message>
    <message>
        <source>text encoder</source>
        <translation>文本编码器</translation>
    </message>
    <message>
        <source>the connection was closed</source>
        <translation>连接已关闭</translation>
    </message>
    <message>
        <source>the folder google/umt5-xxl of Wan-AI/Wan2.1-T2V-1.3B</source>
        <translation>Wan-AI/Wan2.1-T2V-1.3B 的文件夹 google/umt5-xxl</translation>
    </message>
    <message>
        <source>the model&apos;s layers are too small to gain by fewer bits</source>
        <translation>该模型的层太小，减少位数没有益处</translation>
    </message>
    <message>
        <source>the scales of {name} don&apos;t fit it: it&apos;s damaged</source>
        <translation>{name} 的缩放系数与它不符：文件已损坏</translation>
    </message>
    <message>
        <source>the tokenizer ({place})</source>
        <translation>分词器（{place}）</translation>
    </message>
    <message>
        <source>the {part} ({place})</source>
        <translation>{part}（{place}）</translation>
    </message>
    <message>
        <source>{address} could not be reached: check the network, and the mirror if one is set (HF_ENDPOINT on the command line), then try again ({error}).</source>
        <translation>无法连接 {address}：请检查网络，如设置了镜像也请检查镜像（命令行为 HF_ENDPOINT），然后重试（{error}）。</translation>
    </message>
    <message>
        <source>{address} did not answer as a model hub does: check the network, and the mirror if one is set (HF_ENDPOINT on the command line).</source>
        <translation>{address} 的回应不像模型站点：请检查网络，如设置了镜像也请检查镜像（命令行为 HF_ENDPOINT）。</translation>
    </message>
    <message>
        <source>{kept} frames of the video leave nothing of {frames} to make: take fewer of them, or make the clip longer.</source>
        <translation>沿用视频的 {kept} 帧后，{frames} 帧中已没有要生成的：请减少沿用的帧数，或生成更长的视频。</translation>
    </message>
    <message>
        <source>{path} has no more than {start} frames: begin with an earlier one.</source>
        <translation>{path} 的帧数不超过 {start}：请从更早的帧开始。</translation>
    </message>
    <message>
        <source>{path} isn&apos;t one picture: choose a file with a single one, such as a .png or .jpg.</source>
        <translation>{path} 不是单张图片：请选择只含一张图片的文件，例如 .png 或 .jpg。</translation>
    </message>
    <message>
        <source>{title} edits no video: take the video away, or choose {others}.</source>
        <translation>{title} 不能修改视频：请移除视频，或改用 {others}。</translation>
    </message>
    <message>
        <source>{title} makes video from text alone: take the pictures away, or choose {others}.</source>
        <translation>{title} 只能由文字生成视频：请移除图片，或选择 {others}。</translation>
    </message>
    <message>
        <source>{title} makes video from the clip&apos;s first and last frames: give both, or choose {others}.</source>
        <translation>{title} 由首帧和尾帧生成视频：请同时给出两张图片，或选择 {others}。</translation>
    </message>
    <message>
        <source>{title} makes video from the clip&apos;s first frame alone: give that one, or choose {others}.</source>
        <translation>{title} 只由首帧生成视频：请只给出首帧，或选择 {others}。</translation>
    </message>
    <message>
        <source>The video could not be encoded: try another format.</source>
        <translation>视频编码失败，请换一种格式。</translation>
    </message>
    <message>
        <source>1 frame of {width}x{height}</source>
        <translation>{width}x{height} 的 1 帧</translation>
    </message>
    <message>
        <source>A clip goes on with a video as it is: leave out the mask, or outpainting.</source>
        <translation>接续视频时原视频保持不变：请去掉蒙版或扩展画面。</translation>
    </message>
    <message>
        <source>Nothing of the video would be made anew: the mask has nothing white, or the clip has the video&apos;s shape.</source>
        <translation>视频没有任何部分需要重新生成：蒙版中没有白色，或画面比例与视频相同。</translation>
    </message>
    <message>
        <source>The {word} has {count} frames from frame {start} on, and {needed} are needed: make the clip shorter, or begin earlier.</source>
        <translation>{word}从第 {start} 帧起只有 {count} 帧，而需要 {needed} 帧：请缩短视频，或从更早的帧开始。</translation>
    </message>
    <message>
        <source>What is to be made of a video is said, and no video is named: name it.</source>
        <translation>已指定如何处理视频，却没有给出视频：请指定视频。</translation>
    </message>
    <message>
        <source>it is damaged, or of an unknown kind</source>
        <translation>文件已损坏，或格式未知</translation>
    </message>
    <message>
        <source>mask</source>
        <translation>蒙版</translation>
    </message>
    <message>
        <source>this card was not measured yet: its first clip begins with that</source>
        <translation>此显卡尚未测量：生成第一个短片时会先测量</translation>
    </message>
    <message>
        <source>torch.compile can&apos;t be used here ({reason}): going on without it.</source>
        <translation>这里无法使用 torch.compile（{reason}）：不用它继续。</translation>
    </message>
    <message>
        <source>transformer</source>
        <translation>Transformer 网络</translation>
    </message>
    <message>
        <source>video</source>
        <translation>视频</translation>
    </message>
    <message>
        <source>width {width}</source>
        <translation>宽度 {width}</translation>
    </message>
    <message>
        <source>{clip} would fit</source>
        <translation>可改为生成 {clip}</translation>
    </message>
    <message>
        <source>{clip} would fit with weights in {weights}</source>
        <translation>权重改为 {weights} 时可以生成 {clip}</translation>
    </message>
    <message>
        <source>{dtype} (ComfyUI&apos;s quantisation of 2026)</source>
        <translation>{dtype}（ComfyUI 2026 年的量化）</translation>
    </message>
    <message>
        <source>{dtype} (without scales)</source>
        <translation>{dtype}（无缩放系数）</translation>
    </message>
    <message>
        <source>{dtype} ({layout})</source>
        <translation>{dtype}（{layout}）</translation>
    </message>
    <message>
        <source>{file} arrived damaged (its hash is {found}..., not {expected}...) and was deleted: run the download again.</source>
        <translation>下载得到的 {file} 已损坏（哈希值为 {found}…，而不是 {expected}…），已被删除：请重新下载。</translation>
    </message>
    <message>
        <source>{file} can&apos;t be mapped into memory, since the system has no room left for it: close other programs, or let Windows manage the size of its page file.</source>
        <translation>无法把 {file} 映射到内存，系统已没有空间：请关闭其他程序，或让 Windows 自动管理页面文件大小。</translation>
    </message>
    <message>
        <source>{file} can&apos;t be opened: you aren&apos;t allowed to read it.</source>
        <translation>无法打开 {file}：您没有读取权限。</translation>
    </message>
    <message>
        <source>{file} can&apos;t be read as JSON: download or copy it again.</source>
        <translation>{file} 不是可读的 JSON：请重新下载或复制。</translation>
    </message>
    <message>
        <source>{file} can&apos;t be read as a configuration: it isn&apos;t a JSON object.</source>
        <translation>无法把 {file} 作为配置读取：它不是 JSON 对象。</translation>
    </message>
    <message>
        <source>{file} holds Python code beside its weights, which is never run here: use a .safetensors version of the model.</source>
        <translation>{file} 除了权重还含有 Python 代码，这里绝不会运行：请使用该模型的 .safetensors 版本。</translation>
    </message>
    <message>
        <source>{file} holds no tensors by name, so it isn&apos;t a model&apos;s weights.</source>
        <translation>{file} 里没有命名的张量，因此不是模型权重。</translation>
    </message>
    <message>
        <source>{file} holds no tensors, so it isn&apos;t a model&apos;s weights.</source>
        <translation>{file} 里没有张量，因此不是模型权重。</translation>
    </message>
    <message>
        <source>{file} is a GGUF file, a precision Kinora can&apos;t read yet: use the same model in bf16 or fp16.</source>
        <translation>{file} 是 GGUF 文件，Kinora 目前还不能读取这种精度：请使用同一模型的 bf16 或 fp16 版本。</translation>
    </message>
    <message>
        <source>{file} is a Git LFS pointer, not the weights: fetch them with `git lfs pull`.</source>
        <translation>{file} 只是 Git LFS 指针，不是权重：请用 `git lfs pull` 获取。</translation>
    </message>
    <message>
        <source>{file} is a PyTorch file under another format&apos;s name, so nothing in it is ever run or read: rename it to end in .pth, if you trust where it comes from.</source>
        <translation>{file} 是 PyTorch 文件，却用了别的格式的名称，因此不会运行或读取其中任何内容：如果您信任它的来源，请改名为以 .pth 结尾。</translation>
    </message>
    <message>
        <source>{file} is a damaged GGUF file: its header ends early or makes no sense; download or copy it again.</source>
        <translation>GGUF 文件 {file} 已损坏：文件头不完整或不合理；请重新下载或复制。</translation>
    </message>
    <message>
        <source>{file} is a pickle from before PyTorch 1.6, which is never opened here: use a .safetensors version of the model.</source>
        <translation>{file} 是 PyTorch 1.6 之前的 pickle 文件，这里绝不会打开：请使用该模型的 .safetensors 版本。</translation>
    </message>
    <message>
        <source>{file} is a web page, not weights: its download went wrong; download it again.</source>
        <translation>{file} 是网页，不是权重：下载出了问题，请重新下载。</translation>
    </message>
    <message>
        <source>{file} is cut short: it should have {expected} bytes and has {size}; download or copy it again.</source>
        <translation>{file} 不完整：应有 {expected} 字节，实际只有 {size} 字节；请重新下载或复制。</translation>
    </message>
    <message>
        <source>{file} is cut short: it starts as a PyTorch file and its end is missing; download or copy it again.</source>
        <translation>{file} 不完整：开头是 PyTorch 文件，但缺少结尾；请重新下载或复制。</translation>
    </message>
    <message>
        <source>{file} is damaged and can&apos;t be read ({reason}): download or copy it again.</source>
        <translation>{file} 已损坏，无法读取（{reason}）：请重新下载或复制。</translation>
    </message>
    <message>
        <source>{file} is damaged or wasn&apos;t downloaded whole, as it doesn&apos;t begin like a file of weights: download or copy it again.</source>
        <translation>{file} 已损坏或没有下载完整，因为它的开头不像权重文件：请重新下载或复制。</translation>
    </message>
    <message>
        <source>{file} is damaged or wasn&apos;t downloaded whole: download or copy it again.</source>
        <translation>{file} 已损坏或没有下载完整：请重新下载或复制。</translation>
    </message>
    <message>
        <source>{file} is empty: download or copy it again.</source>
        <translation>{file} 是空的：请重新下载或复制。</translation>
    </message>
    <message>
        <source>{file} isn&apos;t a file of weights: Kinora reads .safetensors and PyTorch&apos;s .pth.</source>
        <translation>{file} 不是权重文件：Kinora 可读取 .safetensors 和 PyTorch 的 .pth。</translation>
    </message>
    <message>
        <source>{file} says there are {heads} heads, each of an odd width of {width}: it&apos;s of another model.</source>
        <translation>{file} 说有 {heads} 个注意力头，每个的宽度为奇数 {width}：它属于另一个模型。</translation>
    </message>
    <message>
        <source>{file} says there are {heads} heads, which the {network}&apos;s width of {dim} can&apos;t be split into: it&apos;s of another model.</source>
        <translation>{file} 说有 {heads} 个注意力头，{network}的宽度 {dim} 无法这样等分：它属于另一个模型。</translation>
    </message>
    <message>
        <source>{file} says vace_layers is {layers}: they are blocks from 0 on and below {end}, in order.</source>
        <translation>{file} 说 vace_layers 是 {layers}：它应是从 0 开始、小于 {end}、依次递增的块编号。</translation>
    </message>
    <message>
        <source>{file} says {name} is {value}: it&apos;s a number above 0.</source>
        <translation>{file} 说 {name} 是 {value}：它应是大于 0 的数。</translation>
    </message>
    <message>
        <source>{first} and {second}</source>
        <translation>{first}、{second}</translation>
    </message>
    <message>
        <source>{first} or {second}</source>
        <translation>{first} 或 {second}</translation>
    </message>
    <message>
        <source>{first}; {rest}</source>
        <translation>{first}；{rest}</translation>
    </message>
    <message>
        <source>{folder} can&apos;t be written to: {reason}.</source>
        <translation>无法写入 {folder}：{reason}。</translation>
    </message>
    <message>
        <source>{folder} lacks {count} of the {total} files that {index} lists ({missing}): download them again.</source>
        <translation>{index} 列出的 {total} 个文件中，{folder} 缺少 {count} 个（{missing}）：请重新下载。</translation>
    </message>
    <message>
        <source>{format}: {reason}</source>
        <translation>{format}：{reason}</translation>
    </message>
    <message>
        <source>{frames} frames can&apos;t be made: their number is 4n+1, up to {most}; the nearest is {nearest}.</source>
        <translation>无法生成 {frames} 帧：帧数须为 4n+1，且不超过 {most}；最接近的是 {nearest}。</translation>
    </message>
    <message>
        <source>{frames} frames of {width}x{height}</source>
        <translation>{frames} 帧 {width}x{height} 的视频</translation>
    </message>
    <message>
        <source>{host} answered {status} for {name}: try again later; running the same download again goes on from where it stopped.</source>
        <translation>{host} 对 {name} 返回了 {status}：请稍后再试；再次下载会从中断处继续。</translation>
    </message>
    <message>
        <source>{index} isn&apos;t an index of shards: it has no weight_map.</source>
        <translation>{index} 不是分片索引：其中没有 weight_map。</translation>
    </message>
    <message>
        <source>{model!r} can&apos;t be downloaded: choose one of {names}.</source>
        <translation>无法下载“{model}”：请选择 {names} 之一。</translation>
    </message>
    <message>
        <source>{name!r} is no picture that Kinora keeps: choose it again.</source>
        <translation>{name!r} 不是 Kinora 保存的图片：请重新选择。</translation>
    </message>
    <message>
        <source>{name} asks for your consent: accept its terms on its page, log in with &apos;hf auth login&apos;, then run it again.</source>
        <translation>{name} 需要您的同意：请在它的页面上接受条款，用“hf auth login”登录，然后重试。</translation>
    </message>
    <message>
        <source>{name} can hold one image and the clip has several: name a folder, such as {stem}{sep}, to get a PNG for each frame.</source>
        <translation>{name} 只能存一张图片，而视频有多帧：请指定一个文件夹，例如 {stem}{sep}，以逐帧保存 PNG。</translation>
    </message>
    <message>
        <source>{name} can&apos;t be read as an image or a video: {cause}.</source>
        <translation>无法把 {name} 作为图片或视频读取：{cause}。</translation>
    </message>
    <message>
        <source>{name} has no file that matches {pattern}: check its name.</source>
        <translation>{name} 中没有与 {pattern} 匹配的文件：请检查名称。</translation>
    </message>
    <message>
        <source>{name} has no revision {revision}: check it.</source>
        <translation>{name} 没有版本 {revision}：请检查。</translation>
    </message>
    <message>
        <source>{name} is rotated in groups of {rotation}, a precision that can&apos;t be read yet</source>
        <translation>{name} 以 {rotation} 个为一组做了旋转，目前还不能读取这种精度</translation>
    </message>
    <message>
        <source>{name} lacks what bitsandbytes keeps beside it: it&apos;s incomplete</source>
        <translation>{name} 缺少 bitsandbytes 的附带数据：文件不完整</translation>
    </message>
    <message>
        <source>{native} does not fit</source>
        <translation>{native} 放不下</translation>
    </message>
    <message>
        <source>{native} does not fit whole, and {unmeasured}</source>
        <translation>{native} 无法完整放入显存，且{unmeasured}</translation>
    </message>
    <message>
        <source>{path} can&apos;t be deleted ({reason}): close what uses it, then remove the model again.</source>
        <translation>无法删除 {path}（{reason}）：请关闭正在使用它的程序，然后再次移除模型。</translation>
    </message>
    <message>
        <source>{path} can&apos;t be kept in {folder}: {reason}.</source>
        <translation>无法将 {path} 保存到 {folder}：{reason}。</translation>
    </message>
    <message>
        <source>{path} can&apos;t be read ({reason}).</source>
        <translation>无法读取 {path}（{reason}）。</translation>
    </message>
    <message>
        <source>{path} can&apos;t be read: {reason}.</source>
        <translation>无法读取 {path}：{reason}。</translation>
    </message>
    <message>
        <source>{path} can&apos;t be used ({error}): make room on that disk, and see that you may write there.</source>
        <translation>无法使用 {path}（{error}）：请在该磁盘上腾出空间，并确认您有写入权限。</translation>
    </message>
    <message>
        <source>{path} can&apos;t be used: {obstacle}.</source>
        <translation>无法使用 {path}：{obstacle}。</translation>
    </message>
    <message>
        <source>{path} doesn&apos;t fit Wan2.1&apos;s {network}: it {problems}; it&apos;s incomplete, or of another model.</source>
        <translation>{path} 与 Wan2.1 {network}不符：{problems}；它不完整，或属于另一个模型。</translation>
    </message>
    <message>
        <source>{path} has a {network}&apos;s names but not its shapes: it&apos;s damaged, or of another model.</source>
        <translation>{path}（{network}）的张量名相符，形状却不符：它已损坏，或属于另一个模型。</translation>
    </message>
    <message>
        <source>{path} has no part of Wan2.1 that can be used. {problem}</source>
        <translation>{path} 里没有可用的 Wan2.1 组成部分。{problem}</translation>
    </message>
    <message>
        <source>{path} has no part of Wan2.1: choose a file with one, such as {example}.</source>
        <translation>{path} 里没有 Wan2.1 的组成部分：请选择含有它的文件，例如 {example}。</translation>
    </message>
    <message>
        <source>{path} has no part of Wan2.1: choose a folder with one, such as {example}.</source>
        <translation>{path} 里没有 Wan2.1 的组成部分：请选择含有它的文件夹，例如 {example}。</translation>
    </message>
    <message>
        <source>{path} has no transformer of Wan2.1: choose a file or folder with one.</source>
        <translation>{path} 里没有 Wan2.1 的 Transformer：请选择含有它的文件或文件夹。</translation>
    </message>
    <message>
        <source>{path} has no transformer: give the path of one, or of its model.</source>
        <translation>{path} 里没有 Transformer：请给出 Transformer 或其模型的路径。</translation>
    </message>
    <message>
        <source>{path} holds no recipe that can be read: only a clip that Kinora made, as it made it, can be repeated.</source>
        <translation>{path} 里没有可读取的配方：只有 Kinora 制作且未经改动的视频才能重做。</translation>
    </message>
    <message>
        <source>{path} holds the {network} in {precision} and can&apos;t be used: {obstacle}; use the same model in bf16, fp16, fp8 or int8.</source>
        <translation>{path}（{network}）为 {precision}，无法使用：{obstacle}；请使用同一模型的 bf16、fp16、fp8 或 int8 版本。</translation>
    </message>
    <message>
        <source>{path} holds {count} transformers ({names}): choose one of these files.</source>
        <translation>{path} 里有 {count} 个 Transformer（{names}）：请选择其中一个文件。</translation>
    </message>
    <message>
        <source>{path} is a {network}: only a DiT is quantised.</source>
        <translation>{path}（{network}）不能量化：只有 DiT 可以量化。</translation>
    </message>
    <message>
        <source>{path} is an incomplete {network}: it has no tensor {name}; get the whole file, or all of its parts.</source>
        <translation>{path}（{network}）不完整：缺少张量 {name}；请获取完整的文件或全部分片。</translation>
    </message>
    <message>
        <source>{path} lacks {parts}.</source>
        <translation>{path} 缺少以下部分：{parts}。</translation>
    </message>
    <message>
        <source>{path} lacks {parts}: put what is missing beside it, or say where it lies.</source>
        <translation>{path} 缺少以下部分：{parts}。请把它们放到它旁边。</translation>
    </message>
    <message>
        <source>{place} has too little free memory for {clip}, which takes {peak}: {advice}, or close other programs.</source>
        <translation>{place}的可用内存不足以生成 {clip}，需要 {peak}：{advice}，或关闭其他程序。</translation>
    </message>
    <message>
        <source>{problem} Without that file {path} lacks {parts}: put what is missing beside it, or say where it lies.</source>
        <translation>{problem} 没有该文件，{path} 缺少 {parts}：请把缺少的部分放在旁边，或指明它在哪里。</translation>
    </message>
    <message>
        <source>{source} can&apos;t be read: {reason}.</source>
        <translation>无法读取 {source}：{reason}。</translation>
    </message>
    <message>
        <source>{target} can&apos;t be written: {reason}.</source>
        <translation>无法写入 {target}：{reason}。</translation>
    </message>
    <message>
        <source>{target} is a device or another special file, which no clip replaces: choose another name.</source>
        <translation>{target} 是设备或其他特殊文件，视频不会替换它：请换一个名称。</translation>
    </message>
    <message>
        <source>{target} is a file and can&apos;t be a folder of frames: choose another name, or one that ends in .mp4, .webm or .gif.</source>
        <translation>{target} 是文件，不能作为存放帧的文件夹：请换一个名称，或使用以 .mp4、.webm 或 .gif 结尾的名称。</translation>
    </message>
    <message>
        <source>{times}x as fast as streaming {native} ({source})</source>
        <translation>速度为流式 {native} 的 {times} 倍（{source}）</translation>
    </message>
    <message>
        <source>{times}x as fast as {native} ({source})</source>
        <translation>速度为 {native} 的 {times} 倍（{source}）</translation>
    </message>
    <message>
        <source>{title} shows nothing of other pictures: take the references away, or choose {others}.</source>
        <translation>{title} 不能使用参考图：请移除参考图，或改用 {others}。</translation>
    </message>
    <message>
        <source>{title} {size}</source>
        <translation>{title} {size}</translation>
    </message>
    <message>
        <source>{what} 1 tensor ({names})</source>
        <translation>{what} 1 个张量（{names}）</translation>
    </message>
    <message>
        <source>{what} {count} tensors ({names})</source>
        <translation>{what} {count} 个张量（{names}）</translation>
    </message>
</context>
</TS>
