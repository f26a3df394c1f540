; Inno Setup: for this user by default, for everyone on request, silent with /VERYSILENT /SUPPRESSMSGBOXES.
;   iscc /DVersion=0.1.0 /DBundle=C:\...\mmstudio /DOut=C:\...\dist /DWork=C:\...\build\bundle mmstudio.iss
; packaging/build.py calls it so. Switches: /ALLUSERS /CURRENTUSER /DIR= /TASKS= /LOG= /KEEPDATA=0 (uninstall, silent).

#ifndef Version
  #error Say the version: /DVersion=1.2.3
#endif

[Setup]
AppId={{6E2B1F3C-8B0B-4B1E-9C55-4D4D53747564}
AppName=MM Studio
AppVersion={#Version}
AppPublisher=The MM Studio authors
AppPublisherURL=https://mmstudio.app
DefaultDirName={autopf}\MM Studio
DefaultGroupName=MM Studio
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog commandline
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
OutputDir={#Out}
OutputBaseFilename=MM_Studio-{#Version}-windows-x86_64-setup
SetupIconFile={#Work}\mmstudio.ico
UninstallDisplayIcon={app}\MM Studio.exe
LicenseFile=..\..\LICENSE
Compression=lzma2/max
SolidCompression=yes
DiskSpanning=no
ChangesAssociations=yes
CloseApplications=yes
RestartApplications=no
VersionInfoVersion={#Version}
WizardStyle=modern

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"

[Tasks]
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked
Name: "path"; Description: "Let the command mmstudio be found in the shell"; Flags: unchecked

[InstallDelete]
; What an earlier version left there would be imported beside the new one.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "{#Bundle}\*"; DestDir: "{app}"; Flags: recursesubdirs createallsubdirs ignoreversion

[Icons]
Name: "{autoprograms}\MM Studio"; Filename: "{app}\MM Studio.exe"
Name: "{autodesktop}\MM Studio"; Filename: "{app}\MM Studio.exe"; Tasks: desktopicon

[Registry]
Root: HKA; Subkey: "Software\Classes\.mmstudio"; ValueType: string; ValueData: "MMStudio.Library"; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\MMStudio.Library"; ValueType: string; ValueData: "MM Studio library"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\MMStudio.Library\DefaultIcon"; ValueType: string; ValueData: "{app}\MM Studio.exe,0"
Root: HKA; Subkey: "Software\Classes\MMStudio.Library\shell\open\command"; ValueType: string; ValueData: """{app}\MM Studio.exe"" ""%1"""
Root: HKA; Subkey: "Environment"; ValueType: expandsz; ValueName: "Path"; ValueData: "{olddata};{app}"; Tasks: path; Check: NotOnPath; Flags: preservestringtype

[Run]
Filename: "{app}\MM Studio.exe"; Description: "{cm:LaunchProgram,MM Studio}"; Flags: nowait postinstall skipifsilent

[Code]
function NotOnPath(): Boolean;
var
  Paths: String;
begin
  Result := True;
  if RegQueryStringValue(HKCU, 'Environment', 'Path', Paths) then
    Result := Pos(';' + Uppercase(ExpandConstant('{app}')) + ';', ';' + Uppercase(Paths) + ';') = 0;
end;

// Libraries lie where the person put them and are never touched. Settings, downloaded models and the sample
// library go only where the person says so; a silent uninstall keeps them unless /KEEPDATA=0 is given.
procedure CurUninstallStepChanged(Step: TUninstallStep);
var
  Data, Cache: String;
  Remove: Boolean;
begin
  if Step <> usPostUninstall then
    Exit;
  Data := ExpandConstant('{localappdata}\mmstudio');
  Cache := Data + '\Cache';
  if DirExists(Cache) then
    DelTree(Cache, True, True, True);
  if not DirExists(Data) then
    Exit;
  if UninstallSilent() then
    Remove := ExpandConstant('{param:KEEPDATA|1}') = '0'
  else
    Remove := MsgBox('Remove the settings and downloaded models of MM Studio too?' + #13#10 + Data + #13#10#13#10 +
      'Your libraries stay where they are in either case.', mbConfirmation, MB_YESNO or MB_DEFBUTTON2) = IDYES;
  if Remove then
    DelTree(Data, True, True, True);
end;
